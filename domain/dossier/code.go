package dossier

// A Code names a thing of a list kept elsewhere: a unit, an account, a component, an article of law. It is never a text that
// a person typed. What an import takes over from another system begins with "ext:".
type Code string

// A Ref points to a person in the vault and says nothing about that person.
type Ref string

// An External is the number under which another system knows the dossier. Only imports carry one.
type External string

// The patterns, as documents show them. fits says the same without the price of a regular expression at every event.
const (
	codePattern     = `^[a-z0-9][a-z0-9._:-]{0,63}$`
	externalPattern = `^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$`
)

// Valid says whether the code fits the pattern and could not be a telephone, identity or tax number.
func (c Code) Valid() bool { return fits(string(c), false) }

// Valid says whether the reference fits the pattern and could not be a telephone, identity or tax number.
func (r Ref) Valid() bool { return fits(string(r), false) }

// Valid says whether the number fits the pattern and could not be a telephone, identity or tax number.
func (e External) Valid() bool { return fits(string(e), true) }

// fits says whether s matches the pattern and is not nine or more digits alone, however they are grouped: identity numbers
// have 9 or 12, telephones 10, tax codes 10 or 13. A pattern cannot keep names out; it can keep these out.
func fits(s string, external bool) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	digits, letters := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z', external && c >= 'A' && c <= 'Z':
			letters++
		case i > 0 && (c == '.' || c == '_' || c == ':' || c == '-'), i > 0 && external && c == '/':
		default:
			return false
		}
	}
	return letters > 0 || digits < 9
}
