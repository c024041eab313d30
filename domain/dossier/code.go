package dossier

// A Code names a thing of a list kept elsewhere: a unit, an account, a component, an article of law. It is never a text that
// a person typed. What an import takes over from another system begins with "ext:".
type Code string

// A Ref points to a person in the vault and says nothing about that person.
type Ref string

// An External is the number under which another system knows the dossier. Only imports carry one.
type External string

// A DossierCode is the code on the receipt, which an authority gives to each of its dossiers once and for ever. One that was imported
// keeps the External it came with instead.
type DossierCode string

// The patterns, as documents show them. fits says the same without the price of a regular expression at every event.
const (
	codePattern     = `^[a-z0-9][a-z0-9._:-]{0,63}$`
	externalPattern = `^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$`
)

// Valid says whether the code fits the pattern and could not be a telephone, identity or tax number, however grouped.
func (c Code) Valid() bool { return fits(string(c), false) && !personal(string(c)) }

// Valid says whether the reference fits the pattern and could not be a telephone, identity or tax number, however grouped.
func (r Ref) Valid() bool { return fits(string(r), false) && !personal(string(r)) }

// Valid says whether the number fits the pattern and could not be a telephone, identity or tax number. Dossier numbers may
// well be long and have no letter ("261116-0007"), so only digits in one row are held against them.
func (e External) Valid() bool {
	digits := digitsIn(string(e))
	return fits(string(e), true) && !(digits == len(e) && (digits == 9 || digits == 10 || digits == 12 || digits == 13))
}

// Valid says whether the code could stand for an External: people ask for both in the same place.
func (c DossierCode) Valid() bool { return External(c).Valid() }

// personal says whether s is nothing but nine or more digits, however they are grouped: identity numbers have 9 or 12,
// telephones 10, tax codes 10 or 13. A pattern cannot keep names out; it can keep these out.
func personal(s string) bool {
	for i := range len(s) {
		if s[i] >= 'a' && s[i] <= 'z' {
			return false
		}
	}
	return digitsIn(s) >= 9
}

func digitsIn(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

func fits(s string, external bool) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', external && c >= 'A' && c <= 'Z':
		case i > 0 && (c == '.' || c == '_' || c == ':' || c == '-' || external && c == '/'):
		default:
			return false
		}
	}
	return s != "" && len(s) <= 64
}
