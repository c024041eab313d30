package signing_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dossier/handlers/localca"
	"dossier/handlers/signing"
)

// A signing service, as far as we ask it, with a real CA behind it.
func TestAServiceSignsAndItsListsAreAskedOnlyAsOftenAsAllowed(t *testing.T) {
	ca, err := localca.Open("", nil)
	if err != nil {
		t.Fatal(err)
	}
	d := signing.DigestOf([]byte("quyết định"))
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Account, Digest string }
		if r.Header.Get("Authorization") != "Bearer hush" || json.NewDecoder(r.Body).Decode(&asked) != nil || asked.Digest != "sha-256=:"+base64.StdEncoding.EncodeToString(d[:])+":" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		s, err := ca.Sign(r.Context(), asked.Account, d)
		if err != nil {
			t.Error(err)
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"signature": s})
	}))
	defer service.Close()
	s, err := signing.NewRemote(service.URL, "hush").Sign(t.Context(), "approver", d)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	client := &http.Client{Transport: watched{ca.Client().Transport, &asked}}
	proves := signing.NewChains(ca.Roots(), client).Keep(time.Minute)
	now := time.Now()
	for range 3 {
		if e, err := proves.Verify(t.Context(), s, d, now); err != nil || e.Subject != "approver" {
			t.Fatalf("%+v, %v", e, err)
		}
	}
	if asked != 2 { // the list of the root and that of the issuing CA
		t.Errorf("lists were asked for %d times", asked)
	}
	if _, err := proves.Verify(t.Context(), s, d, now.Add(2*time.Minute)); err != nil || asked != 4 {
		t.Errorf("after a minute they were asked for %d times, %v", asked, err)
	}
	if _, err := signing.NewRemote(service.URL, "other").Sign(t.Context(), "approver", d); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("with another token: %v", err)
	}
	service.Close()
	if _, err := signing.NewRemote(service.URL, "hush").Sign(t.Context(), "approver", d); err == nil {
		t.Error("a service that is away signs")
	}
	if _, err := (signing.Off{}).Verify(t.Context(), s, d, now); err == nil || errors.Is(err, signing.ErrRevocationUnknown) {
		t.Errorf("%v", err)
	}
}

type watched struct {
	through http.RoundTripper
	asked   *int
}

func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	*w.asked++
	return w.through.RoundTrip(r)
}
