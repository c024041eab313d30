package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/handlers/localca"
)

// signed lets a test CA sign for every account.
func signed(t *testing.T) func(*handlers.ExecutorOptions) {
	t.Helper()
	ca, err := localca.Open("", nil)
	if err != nil {
		t.Fatal(err)
	}
	return func(o *handlers.ExecutorOptions) { o.Signer, o.Verifier = ca, ca.Verifier() }
}

func TestTheResultShowsItsSignatureAndInWhosePlaceItStands(t *testing.T) {
	t.Parallel()
	s := newStack(t, signed(t))
	r := s.way(s.submit("vet-practice-cert-renew", "applicant-1"), dossier.Approved)
	path := "/dossiers/" + r.ID.String()
	if p := s.as("auditor").get(path); strings.Contains(p.html, "h-signed") {
		t.Error("a signature is shown before there is one")
	}
	r = s.do("approver", r, dossier.DelegateDecision{To: "head", Block: "tuq", Until: time.Now().AddDate(0, 0, 7)})
	form := s.as("head").get(path + "/do/sign")
	form.says(t, "Cách ký", "Ký tay trên giấy", "Ký số")
	if p := s.as("head").post(path+"/do/sign", form.filled(nil)); p.status != http.StatusOK {
		t.Fatalf("sign: %d %s", p.status, p.html)
	}
	s.as("auditor").get(path).says(t, "Chữ ký", "<b>TUQ.</b>", "Ký số, trên chính quyết định", "Đối chiếu chữ ký")
	s.as("auditor").get(path+"?lang=en").says(t, "Verify the signatures", "over the decision itself")
	s.as("auditor").get(path+"/signatures").says(t, "Kết quả, chính quyết định", "Chữ ký đúng", "TUQ.", "head", "ECDSA P-256", "Còn hiệu lực khi ký", "đã ghi vào nhật ký truy cập")
	s.as("auditor").get(path+"/signatures?lang=en").says(t, "Result, the decision itself", "Holds", "Evidence recorded")
	if p := s.as("applicant-2").get(path + "/signatures"); p.status != http.StatusForbidden {
		t.Errorf("another applicant: %d", p.status)
	}

	paper := s.way(s.submit("vet-practice-cert-renew", "applicant-1"), dossier.Approved)
	s.do("approver", paper, dossier.SignResult{Means: dossier.OnPaper})
	p := s.as("auditor").get("/dossiers/" + paper.ID.String())
	p.says(t, "Ký tay trên giấy")
	if strings.Contains(p.html, "/signatures") {
		t.Error("ink can be verified")
	}
}

func TestEachDossierIsShownBeforeManyAreSigned(t *testing.T) {
	t.Parallel()
	s := newStack(t, signed(t))
	q := url.Values{"command": {"sign"}}
	var all []handlers.Receipt
	for range 3 {
		r := s.way(s.submit("vet-practice-cert-renew", "applicant-1"), dossier.Approved)
		all = append(all, r)
		q.Add("id", fmt.Sprintf("%s@%d", r.ID, r.Version))
	}
	s.seen(all[2])
	r := s.as("approver")
	dry := r.post("/bulk/new", r.get("/bulk/new?"+q.Encode()).filled(nil))
	dry.says(t, "Người nộp applicant-1", "quyết định", "<b>Chấp thuận</b>")
	if p := r.post(dry.url.Path+"/run", url.Values{"key": {"unseen"}}); !strings.Contains(p.html, "đã xem từng hồ sơ") {
		t.Errorf("signed unseen: %d %s", p.status, p.html)
	}
	if facts, err := s.executor.Facts(t.Context(), all[0].ID); err != nil || dossier.Fold(facts).Signed.Done() {
		t.Fatalf("signed before it was confirmed: %v", err)
	}
	r.post(dry.url.Path+"/run", dry.filled(nil))
	s.work(dry.url.Path)
	for _, one := range all {
		facts, err := s.executor.Facts(t.Context(), one.ID)
		if sig := dossier.Fold(facts).Signature; err != nil || sig.Means != dossier.Digital || sig.Serial == "" {
			t.Errorf("%+v, %v", sig, err)
		}
	}
}
