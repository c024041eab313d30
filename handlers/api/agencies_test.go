package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dossier/domain/dossier"
)

// agencies is a house of three agencies with a dossier of the ministry's, one of Lâm Đồng's, and one that lies at no unit yet.
func agencies(t *testing.T) (h *house, ours, theirs, nobodys receipt) {
	t.Helper()
	h = newHouse(t)
	h.post("admin", "/v1/organisation", shippedOrganisation(t)).is(http.StatusOK)
	nobodys = h.submitted()
	file := func(account, unit string) receipt {
		return h.post(account, "/v1/dossiers", `{"procedure":"vet-practice-cert-renew","channel":"counter","applicant":"applicant-1","unit":"`+unit+`"}`).is(http.StatusCreated).receipt()
	}
	ours = file("reception", "one-stop")
	theirs = file("lam-dong-reception", "lam-dong-one-stop")
	return h, ours, theirs, nobodys
}

// listed are the ids that a list shows, and how many it counts.
func (h *house) listed(account, query string) (ids string, total int) {
	h.t.Helper()
	var page struct {
		Items []struct{ ID string }
		Total int
	}
	h.get(account, "/v1/dossiers?"+query).is(http.StatusOK).into(&page)
	for _, i := range page.Items {
		ids += i.ID + " "
	}
	return ids, page.Total
}

func TestRowsOfOneAgencyAreNotThereForAnother(t *testing.T) {
	t.Parallel()
	h, ours, theirs, nobodys := agencies(t)
	seen := h.seen(theirs)
	for _, then := range []string{"", "&at=" + time.Now().UTC().Add(time.Hour).Format(time.RFC3339), "&known_at=@" + fmt.Sprint(theirs.Position)} {
		for account, want := range map[string][]receipt{
			"auditor":            {ours, nobodys},
			"reception":          {ours, nobodys},
			"lam-dong-reception": {theirs, nobodys},
			"an-giang-reception": {nobodys},
			"applicant-1":        {ours, theirs, nobodys},
		} {
			for _, query := range []string{"", "&applicant=applicant-1", "&sort=due", "&q=hanh nghe"} {
				query = strings.ReplaceAll(seen+then+query, " ", "%20")
				ids, total := h.listed(account, query)
				if total != len(want) {
					t.Errorf("%s ?%s counts %d dossiers, want %d", account, query, total, len(want))
				}
				for _, r := range want {
					if !strings.Contains(ids, r.ID) {
						t.Errorf("%s ?%s lacks %s", account, query, r.ID)
					}
				}
			}
		}
	}

	// One that is not there looks like one that never was.
	gone := func(r reply, id string) string {
		r.is(http.StatusNotFound)
		body, _, _ := strings.Cut(string(r.body), `"instance"`)
		return strings.ReplaceAll(body, id, "ID")
	}
	const never = "00000000-0000-4000-8000-000000000000"
	for _, path := range []string{"", "/history", "/deadline", "/receipt", "/words?purpose=look", "/earlier", "/fee", "/signatures", "?version=1", "?at=2099-01-01"} {
		if there, not := gone(h.get("auditor", "/v1/dossiers/"+theirs.ID+path), theirs.ID), gone(h.get("auditor", "/v1/dossiers/"+never+path), never); there != not {
			t.Errorf("%s: %s is not %s", path, there, not)
		}
		if strings.Contains(path, "fee") {
			continue
		}
		h.get("applicant-1", "/v1/dossiers/"+theirs.ID+path).is(http.StatusOK)
	}
	for command, body := range map[string]string{"accept": "", "forward": `{"unit":"animal-health"}`, "attach-file": `{"file":"x","kind":"form","media":"pdf","size":1,"commitment":"0"}`} {
		there, not := h.post("reception", "/v1/dossiers/"+theirs.ID+"/"+command, body), h.post("reception", "/v1/dossiers/"+never+"/"+command, body)
		if cut := func(r reply) string { b, _, _ := strings.Cut(string(r.body), `"instance"`); return b }; there.StatusCode != not.StatusCode || cut(there) != cut(not) {
			t.Errorf("%s: %s is not %s", command, there.body, not.body)
		}
	}
	var wrong problem
	h.post("reception", "/v1/bulk", `{"command":"accept","ids":["`+theirs.ID+`","`+never+`"]}`).is(422).into(&wrong)
	if len(wrong.Errors) != 2 || strings.ReplaceAll(wrong.Errors[0].Detail, theirs.ID, "") != strings.ReplaceAll(wrong.Errors[1].Detail, never, "") {
		t.Errorf("in bulk: %+v", wrong.Errors)
	}
	var batch struct{ ID string }
	h.post("reception", "/v1/bulk", `{"command":"accept","ids":["`+ours.ID+`"]}`).is(http.StatusCreated).into(&batch)
	h.get("auditor", "/v1/bulk/"+batch.ID).is(http.StatusOK)
	h.get("lam-dong-reception", "/v1/bulk/"+batch.ID).is(http.StatusNotFound)

	// The feed withholds them and moves past them.
	feed := func(account string) string {
		return string(h.get(account, "/v1/events?limit=1000").is(http.StatusOK).body)
	}
	if body := feed("auditor"); strings.Contains(body, theirs.ID) || !strings.Contains(body, ours.ID) || !strings.Contains(body, nobodys.ID) {
		t.Error("the ministry's feed has other dossiers than its own")
	}
	if body := feed("lam-dong-reception"); strings.Contains(body, ours.ID) || !strings.Contains(body, theirs.ID) || strings.Contains(body, batch.ID) {
		t.Error("the feed of Lâm Đồng has other dossiers or batches than its own")
	}

	// The journal of accesses knows what was tried.
	var page accessPage
	h.get("auditor", "/v1/access").is(http.StatusOK).into(&page)
	if len(page.Entries) == 0 || page.Entries[0].Rule != "other_agency" || page.Entries[0].Dossier != theirs.ID || page.Entries[0].By.Account != "reception" {
		t.Errorf("recorded: %+v", page.Entries)
	}
}

func TestApplicantsSeeWhoOpenedTheirDossierByRoleAndUnit(t *testing.T) {
	t.Parallel()
	h, ours, _, _ := agencies(t)
	path := "/v1/dossiers/" + ours.ID
	h.get("auditor", path+"?"+h.seen(ours)).is(http.StatusOK)
	h.get("auditor", path).is(http.StatusOK) // again: not said again
	h.get("reception", path+"/history").is(http.StatusOK)
	h.get("reception", path+"/words?purpose=look").is(http.StatusOK)
	h.get("applicant-1", path).is(http.StatusOK)
	h.get("lam-dong-reception", path).is(http.StatusNotFound)
	var page struct {
		Items []struct {
			Position                  int64
			What, Role, Unit, Purpose string
		}
		Next int64
	}
	answer := h.get("applicant-1", path+"/access").is(http.StatusOK).into(&page)
	var got []string
	for _, o := range page.Items {
		got = append(got, o.What+" by "+o.Role+" @ "+o.Unit+" "+o.Purpose)
	}
	want := "words by reception_officer @ one-stop look, dossier by reception_officer @ one-stop , dossier by auditor @ inspectorate "
	if strings.Join(got, ", ") != want || page.Next != 0 {
		t.Errorf("%s", answer.body)
	}
	if strings.Contains(string(answer.body), `"auditor",`) && strings.Contains(string(answer.body), "account") {
		t.Errorf("it names accounts: %s", answer.body)
	}
	first := page.Items[0]
	h.get("applicant-1", path+"/access?limit=1").is(http.StatusOK).into(&page)
	if len(page.Items) != 1 || page.Next != first.Position {
		t.Errorf("a page of one: %+v", page)
	}
	h.get("applicant-1", path+"/access?before="+fmt.Sprint(page.Next)).is(http.StatusOK).into(&page)
	if len(page.Items) != 2 {
		t.Errorf("the rest: %+v", page)
	}
	h.get("applicant-2", path+"/access").is(http.StatusForbidden)
	h.get("lam-dong-reception", path+"/access").is(http.StatusNotFound)
	h.get("admin", path+"/access").is(http.StatusForbidden)
}

func TestATransferLetsBothAgenciesSeeADossierUntilItIsSentBack(t *testing.T) {
	t.Parallel()
	h, ours, _, _ := agencies(t)
	path := "/v1/dossiers/" + ours.ID
	h.get("lam-dong-reception", path).is(http.StatusNotFound)
	r := h.done("reception", ours.ID, "transfer", `{"to":"lam-dong","mode":"serial"}`)
	h.get("lam-dong-reception", path+"?"+h.seen(r)).is(http.StatusOK)
	h.get("lam-dong-reception", path+"?at=2099-01-01").is(http.StatusOK)
	h.get("reception", path).is(http.StatusOK)
	h.get("an-giang-reception", path).is(http.StatusNotFound)
	if ids, _ := h.listed("lam-dong-reception", ""); !strings.Contains(ids, ours.ID) {
		t.Error("the list of the agency it was sent to lacks it")
	}
	r = h.done("lam-dong-reception", ours.ID, "refuse-transfer", `{"number":1,"reason":"not_competent"}`)
	h.get("lam-dong-reception", path+"?"+h.seen(r)).is(http.StatusNotFound)
	if ids, _ := h.listed("lam-dong-reception", ""); strings.Contains(ids, ours.ID) {
		t.Error("the list of the agency that sent it back has it still")
	}
}

func TestWithoutAnOrganisationNothingIsKeptFromStaff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.post("reception", "/v1/dossiers", `{"procedure":"vet-practice-cert-renew","channel":"counter","applicant":"applicant-1","unit":"one-stop"}`).is(http.StatusCreated).receipt()
	h.get("lam-dong-reception", "/v1/dossiers/"+r.ID+"?"+h.seen(r)).is(http.StatusOK)
	if ids, _ := h.listed("lam-dong-reception", ""); !strings.Contains(ids, r.ID) {
		t.Error("it is kept from view")
	}
}

func TestPlacesAreThoseThatHaveAPart(t *testing.T) {
	t.Parallel()
	s := dossier.State{FiledAt: "one-stop", Unit: "forestry", Agencies: dossier.Agencies{Support: "an-giang"},
		Transfers: []dossier.Transfer{{To: "lam-dong"}, {To: "b", Refused: "not_competent"}}, Opinions: []dossier.Opinion{{Unit: "forestry"}, {Unit: "quality"}}, Works: []dossier.Work{{Unit: "lab"}}}
	if got := fmt.Sprint(s.Places()); got != "[an-giang forestry lab lam-dong one-stop quality]" {
		t.Error(got)
	}
	if got := (&dossier.State{}).Places(); len(got) != 0 {
		t.Error(got)
	}
}

func TestAMemberOfAGroupThatWentToAnotherAgencyIsReadThereWithoutTheOthers(t *testing.T) {
	t.Parallel()
	h, _, _, _ := agencies(t)
	var group struct {
		receipt
		Members []receipt
	}
	h.post("reception", "/v1/dossiers", `{"procedure":"vet-practice-cert-renew","channel":"counter","applicant":"applicant-1","unit":"one-stop","with":["vet-practice-cert-reissue"]}`).is(http.StatusCreated).into(&group)
	member := group.Members[0].ID
	for to, gone := range map[string]string{"lam-dong": member, "an-giang": group.ID} {
		h.done("reception", gone, "transfer", `{"to":"`+to+`","mode":"parallel"}`)
		var r struct{ Dossiers []struct{ ID string } }
		h.get(to+"-reception", "/v1/dossiers/"+gone+"/receipt").is(http.StatusOK).into(&r)
		if len(r.Dossiers) != 1 || r.Dossiers[0].ID != gone {
			t.Errorf("%s reads %+v", to, r.Dossiers)
		}
		h.get("reception", "/v1/dossiers/"+gone+"/receipt").is(http.StatusOK).into(&r)
		if len(r.Dossiers) != 2 {
			t.Errorf("the agency that took them in reads %+v", r.Dossiers)
		}
	}
}
