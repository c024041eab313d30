package dossier

import "regexp"

// A Code names a thing of a list kept elsewhere: a unit, an account, a component, an article of law. It is never a text that
// a person typed. What an import takes over from another system begins with "ext:".
type Code string

// A Ref points to a person in the vault and says nothing about that person.
type Ref string

// An External is the number under which another system knows the dossier. Only imports carry one.
type External string

var (
	codePattern     = regexp.MustCompile(`^[a-z0-9][a-z0-9._:-]{0,63}$`)
	externalPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$`)
)

// Valid says whether the code fits the pattern and could not be a telephone, identity or tax number.
func (c Code) Valid() bool { return codePattern.MatchString(string(c)) && !personal(string(c)) }

// Valid says whether the reference fits the pattern and could not be a telephone, identity or tax number.
func (r Ref) Valid() bool { return codePattern.MatchString(string(r)) && !personal(string(r)) }

// Valid says whether the number fits the pattern and could not be a telephone, identity or tax number.
func (e External) Valid() bool {
	return externalPattern.MatchString(string(e)) && !personal(string(e))
}

// personal says whether s is nothing but nine or more digits, however they are grouped: identity numbers have 9 or 12,
// telephones 10, tax codes 10 or 13. A pattern cannot keep names out; it can keep these out.
func personal(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			return false
		}
	}
	return digits >= 9
}
