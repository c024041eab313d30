package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestApplicantsSeeInWhoseListsTheirDossierWas(t *testing.T) {
	t.Parallel()
	h, ours, _, _ := agencies(t)
	path := "/v1/dossiers/" + ours.ID
	told := func() (list []string) {
		t.Helper()
		var page struct {
			Items []struct{ What, Role, Unit string }
		}
		h.get("applicant-1", path+"/access").is(http.StatusOK).into(&page)
		for _, o := range page.Items {
			list = append(list, o.What+" by "+o.Role+" @ "+o.Unit)
		}
		return list
	}
	is := func(want ...string) {
		t.Helper()
		if got := told(); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	list := "/v1/dossiers?" + h.seen(ours)
	h.get("applicant-1", list).is(http.StatusOK)
	is()
	if !strings.Contains(string(h.get("auditor", list).is(http.StatusOK).body), ours.ID) {
		t.Fatal("it is in no list")
	}
	is("list by auditor @ inspectorate")
	h.get("auditor", list).is(http.StatusOK) // within the hour: not told again
	is("list by auditor @ inspectorate")
	h.get("reception", list, "Accept: application/x-ndjson").is(http.StatusOK)
	is("list by reception_officer @ one-stop", "list by auditor @ inspectorate")
	h.get("lam-dong-reception", list).is(http.StatusOK) // it is not in there
	h.get("auditor", path).is(http.StatusOK)
	is("dossier by auditor @ inspectorate", "list by reception_officer @ one-stop", "list by auditor @ inspectorate")
	var one struct {
		Items []struct {
			Position int64
			What     string
		}
		Next int64
	}
	h.get("applicant-1", path+"/access?limit=1").is(http.StatusOK).into(&one)
	h.get("applicant-1", path+"/access?limit=1&before="+fmt.Sprint(one.Next)).is(http.StatusOK).into(&one)
	if len(one.Items) != 1 || one.Items[0].What != "list" {
		t.Errorf("the second page: %+v", one)
	}
}
