package dossier

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func TestLawACodeIsWhatItsPatternSaysUnlessItIsANumberOfAPerson(t *testing.T) {
	code, external := regexp.MustCompile(codePattern), regexp.MustCompile(externalPattern)
	grouped, row := regexp.MustCompile(`^[^0-9a-z]*([0-9][^0-9a-z]*){9,}$`), regexp.MustCompile(`^(\d{9,10}|\d{12,13})$`)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringMatching(`[a-zA-Z0-9._:/-]{0,66}`), rapid.StringMatching(`[0-9._:-]{0,16}`), rapid.StringMatching(`[0-9]{8,14}`), rapid.String()).Draw(t, "s")
		if want := code.MatchString(s) && !grouped.MatchString(s); Code(s).Valid() != want || Ref(s).Valid() != want {
			t.Fatalf("%q as a code: %v, want %v", s, Code(s).Valid(), want)
		}
		if want := external.MatchString(s) && !row.MatchString(s); External(s).Valid() != want {
			t.Fatalf("%q as an external code: %v, want %v", s, External(s).Valid(), want)
		}
	})
}

func TestNumbersOfPersonsDoNotPassForCodes(t *testing.T) {
	for _, s := range []string{"001099012345", "024123456", "0912345678", "091-234-5678", "091.234.5678", "0101234567-001"} {
		if Code(s).Valid() || Ref(s).Valid() {
			t.Errorf("%s passes", s)
		}
	}
	for _, s := range []string{"001099012345", "024123456", "0912345678", "0101234567001"} {
		if External(s).Valid() {
			t.Errorf("%s passes as a dossier's number", s)
		}
	}
	for _, s := range []string{"261116-0007", "H15.50.05.13-261116-0007", "case-10011", "20111234567", "2019/00012"} {
		if !External(s).Valid() {
			t.Errorf("%s does not pass as a dossier's number", s)
		}
	}
	for _, s := range []string{"1.004815", "tp-1", "0f9c3c1e-3f6a-5a51-9b6e-446655440000", "ext:resource01", "case-10011", "261116-0007x"} {
		if !Code(s).Valid() {
			t.Errorf("%s does not pass", s)
		}
	}
}
