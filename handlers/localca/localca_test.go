package localca_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dossier/domain"
	"dossier/handlers/localca"
	"dossier/handlers/signing"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, folder string) *localca.CA {
	t.Helper()
	ca, err := localca.Open(folder, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func code(err error) string {
	var r *domain.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestASignatureSaysWhoSignedWhenAndThatTheCertificateWasGood(t *testing.T) {
	ca := open(t, "")
	d := signing.DigestOf([]byte("quyết định"))
	s, err := ca.Sign(t.Context(), "approver", d)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ca.Verifier().Verify(t.Context(), s, d, noon)
	if err != nil {
		t.Fatal(err)
	}
	if e.Subject != "approver" || e.Algorithm != "es256" || len(e.Chain) != 3 || e.Time != signing.Stamped || !e.SignedAt.Equal(noon) || e.Revocation != signing.Good || !e.AskedAt.Equal(noon) || e.Issuer == "" {
		t.Fatalf("%+v", e)
	}
	if err := signing.Recheck(s, d, e.Algorithm, e.Serial, e.Issuer, e.Chain, e.SignedAt); err != nil {
		t.Errorf("checked again: %v", err)
	}
	if err := signing.Recheck(s, signing.DigestOf([]byte("khác")), e.Algorithm, e.Serial, e.Issuer, e.Chain, e.SignedAt); code(err) != signing.Altered {
		t.Errorf("checked again over another content: %v", err)
	}
	if err := signing.Recheck(s, d, e.Algorithm, e.Serial, e.Issuer, e.Chain, e.SignedAt.Add(time.Second)); err == nil {
		t.Error("another time than recorded was not seen")
	}
}

func TestASignatureThatDoesNotHoldIsRefusedWithWhatIsWrong(t *testing.T) {
	ca, stranger := open(t, ""), open(t, "")
	d, other := signing.DigestOf([]byte("a")), signing.DigestOf([]byte("b"))
	day := 24 * time.Hour
	invite := func(ca *localca.CA, from, until time.Duration) *localca.Guest {
		g, err := ca.Invite("somebody", noon.Add(from), noon.Add(until))
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	sign := func(g *localca.Guest, at time.Time, stamped bool) string {
		s, err := g.Sign(d, at, stamped)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good := invite(ca, -day, day)
	gone := invite(ca, -10*day, 10*day)
	if err := ca.Revoke(gone.Serial, noon.Add(-5*day)); err != nil {
		t.Fatal(err)
	}
	old := invite(ca, -10*day, -2*day)
	stamped := sign(good, noon, true)
	tst := stamped[strings.Index(stamped, `"tst":"`)+7:]
	tst = tst[:strings.Index(tst, `"`)]
	foreign := sign(invite(stranger, -day, day), noon, true)
	foreignTST := foreign[strings.Index(foreign, `"tst":"`)+7:]
	foreignTST = foreignTST[:strings.Index(foreignTST, `"`)]
	second := sign(good, noon.Add(-time.Hour), true)
	backdated, err := gone.Backdate(d, noon.Add(-6*day))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, signature string
		over            signing.Digest
		want            string
	}{
		{"as it was signed", stamped, d, ""},
		{"with a claimed time", sign(good, noon, false), d, ""},
		{"with a claimed time of a second ahead", sign(good, noon.Add(time.Second), false), d, ""},
		{"altered content", stamped, other, signing.Altered},
		{"unknown chain", foreign, d, signing.UnknownChain},
		{"expired when it was signed with", sign(old, noon.Add(-day), true), d, signing.Expired},
		{"stamped before it expired", sign(old, noon.Add(-3*day), true), d, ""},
		{"claimed to be from before it expired", sign(old, noon.Add(-3*day), false), d, signing.Expired},
		{"revoked at that time", sign(gone, noon.Add(-day), true), d, signing.Revoked},
		{"revoked on the instant", sign(gone, noon.Add(-5*day), true), d, signing.Revoked},
		{"stamped before it was revoked", sign(gone, noon.Add(-6*day), true), d, ""},
		{"claimed to be from before it was revoked", sign(gone, noon.Add(-6*day), false), d, signing.Revoked},
		{"not yet valid", sign(good, noon.Add(-2*day), true), d, signing.NotYetValid},
		{"without a time", sign(good, time.Time{}, false), d, signing.WithoutTime},
		{"signed tomorrow", sign(good, noon.Add(2*time.Minute), true), d, signing.TimeAhead},
		{"claimed for tomorrow", sign(good, noon.Add(2*time.Minute), false), d, signing.TimeAhead},
		{"with the stamp of another signature", strings.Replace(second, second[strings.Index(second, `"tst":"`)+7:strings.Index(second, `"},"sig`)], tst, 1), d, signing.StampAltered},
		{"stamped by the signer, back before it was revoked", backdated, d, signing.StampAltered},
		{"with the stamp of a stranger", strings.Replace(stamped, tst, foreignTST, 1), d, signing.StampAltered},
		{"nothing", "", d, signing.Malformed},
		{"a page", "<html>", d, signing.Malformed},
		{"cut short", stamped[:len(stamped)/2], d, signing.Malformed},
		{"without a chain", `{"protected":"eyJhbGciOiJFUzI1NiJ9","signature":"AAAA"}`, d, signing.Malformed},
		{"with no algorithm", `{"protected":"eyJhbGciOiJub25lIiwieDVjIjpbIkFBQUEiXX0","signature":"AAAA"}`, d, signing.Algorithm},
		{"with a shared secret", `{"protected":"eyJhbGciOiJIUzI1NiIsIng1YyI6WyJBQUFBIl19","signature":"AAAA"}`, d, signing.Algorithm},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ca.Verifier().Verify(t.Context(), c.signature, c.over, noon)
			if got := code(err); got != c.want {
				t.Fatalf("%q, want %q", got, c.want)
			}
			if c.want != "" && !signing.Refuses(err) {
				t.Errorf("%v is not said of the signature", err)
			}
		})
	}
}

func TestNothingIsBelievedWhileNobodySaysWhatWasRevoked(t *testing.T) {
	ca := open(t, "")
	d := signing.DigestOf(nil)
	s, err := ca.Sign(t.Context(), "approver", d)
	if err != nil {
		t.Fatal(err)
	}
	ca.GoAway(true)
	if _, err := ca.Verifier().Verify(t.Context(), s, d, noon); !errors.Is(err, signing.ErrRevocationUnknown) || signing.Refuses(err) {
		t.Fatalf("while the lists are away: %v", err)
	}
	ca.GoAway(false)
	if _, err := ca.Verifier().Verify(t.Context(), s, d, noon); err != nil {
		t.Fatalf("once they are back: %v", err)
	}
	if _, err := ca.Verifier().Verify(t.Context(), s, d, noon.Add(2*time.Hour)); !errors.Is(err, signing.ErrRevocationUnknown) {
		t.Fatalf("with a stale list: %v", err)
	}
}

// Certificates outlive the process, and two processes share one folder.
func TestAnAuthorityIsTheSameAfterItIsOpenedAgain(t *testing.T) {
	folder := t.TempDir()
	one, two := open(t, folder), open(t, folder)
	d := signing.DigestOf([]byte("a"))
	first, err := one.Sign(t.Context(), "approver", d)
	if err != nil {
		t.Fatal(err)
	}
	a, err := two.Verifier().Verify(t.Context(), first, d, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := two.Revoke(a.Serial, noon); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Verifier().Verify(t.Context(), first, d, noon); code(err) != signing.Revoked {
		t.Errorf("revoked by the other process: %v", err)
	}
}

func TestTheListsCanBeServedOverHTTP(t *testing.T) {
	server := httptest.NewServer(open(t, ""))
	defer server.Close()
	for path, want := range map[string]int{"/root.crl": 200, "/issuing.crl": 200, "/keys": 404} {
		r, err := server.Client().Get(server.URL + path)
		if err != nil || r.StatusCode != want {
			t.Fatalf("%s: %v, %v", path, r, err)
		}
		r.Body.Close()
	}
}

// Whatever is changed in a signature, it is refused or says the same.
func TestLawAChangedSignatureNeverProvesAnythingElse(t *testing.T) {
	ca := open(t, "")
	d := signing.DigestOf([]byte("a"))
	s, err := ca.Sign(t.Context(), "approver", d)
	if err != nil {
		t.Fatal(err)
	}
	want, err := ca.Verifier().Verify(t.Context(), s, d, noon)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		b := []byte(s)
		b[rapid.IntRange(0, len(b)-1).Draw(rt, "at")] = rapid.Byte().Draw(rt, "byte")
		got, err := ca.Verifier().Verify(t.Context(), string(b), d, noon)
		if err == nil && (got.Serial != want.Serial || !got.SignedAt.Equal(want.SignedAt)) {
			rt.Fatalf("%s proves %+v", b, got)
		}
	})
}
