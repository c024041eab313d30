package dossier

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func TestLawACodeIsWhatItsPatternSaysUnlessItIsANumberOfAPerson(t *testing.T) {
	code, external, letters := regexp.MustCompile(codePattern), regexp.MustCompile(externalPattern), regexp.MustCompile(`[A-Za-z]|^[^0-9]*([0-9][^0-9]*){0,8}$`)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringMatching(`[a-zA-Z0-9._:/-]{0,66}`), rapid.StringMatching(`[0-9._:-]{0,16}`), rapid.String()).Draw(t, "s")
		if want := code.MatchString(s) && letters.MatchString(s); Code(s).Valid() != want || Ref(s).Valid() != want {
			t.Fatalf("%q as a code: %v, want %v", s, Code(s).Valid(), want)
		}
		if want := external.MatchString(s) && letters.MatchString(s); External(s).Valid() != want {
			t.Fatalf("%q as an external code: %v, want %v", s, External(s).Valid(), want)
		}
	})
}

func TestNumbersOfPersonsDoNotPassForCodes(t *testing.T) {
	for _, s := range []string{"001099012345", "024123456", "0912345678", "091-234-5678", "091.234.5678", "0101234567-001"} {
		if Code(s).Valid() || Ref(s).Valid() || External(s).Valid() {
			t.Errorf("%s passes", s)
		}
	}
	for _, s := range []string{"1.004815", "tp-1", "0f9c3c1e-3f6a-5a51-9b6e-446655440000", "ext:resource01", "case-10011", "261116-0007x"} {
		if !Code(s).Valid() {
			t.Errorf("%s does not pass", s)
		}
	}
}
