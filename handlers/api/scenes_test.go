package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/batch"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/handlers/localca"
	"dossier/handlers/localissuer"
	"dossier/handlers/localpay"
	"dossier/handlers/localregistry"
	"dossier/handlers/signing"
	"dossier/internal/devstack"
	"dossier/projections"

	"github.com/google/uuid"
)

// A scene is a dossier on its way to the moment at which a command is possible, and the command's body. The way is told in words of steps;
// | lets time pass: what is told before the last | happened long ago.
type scene struct {
	way, body string
	procedure string // "": the usual one
	online    bool   // filed by the applicant
}

// times are how long ago the parts of a way happened: enough for a record to be disposed of, for a limit to have run out, and now.
var times = []time.Duration{420 * 24 * time.Hour, 48 * 24 * time.Hour, 0}

// step is one command of a way.
type step struct {
	role          domain.Role
	command, body string
}

var steps = map[string]step{
	"accept":         {domain.ReceptionOfficer, "accept", ""},
	"refuse":         {domain.ReceptionOfficer, "refuse-reception", `{"reason":"wrong_agency","basis":"nd-118-2025.17.1"}`},
	"desk-asks":      {domain.ReceptionOfficer, "request-supplement", `{"items":["tp-1"],"reason":"missing"}`},
	"transfer":       {domain.ReceptionOfficer, "transfer", `{"to":"so-khac","mode":"parallel","slip":"pc-1"}`},
	"forward":        {domain.ReceptionOfficer, "forward", `{"unit":"animal-health"}`},
	"assign":         {domain.DivisionHead, "assign-officer", `{"officer":"case-officer-same"}`},
	"start":          {domain.CaseOfficer, "start-appraisal", ""},
	"asks":           {domain.CaseOfficer, "request-supplement", `{"items":["tp-1"],"reason":"illegible"}`},
	"supply":         {domain.Applicant, "submit-supplement", ""},
	"consult":        {domain.CaseOfficer, "request-opinion", `{"unit":"plant-protection","due":"2099-12-20T17:00:00+07:00"}`},
	"test":           {domain.CaseOfficer, "begin-work", `{"kind":"laboratory","unit":"plant-protection","due":"2099-12-20T17:00:00+07:00"}`},
	"inspect":        {domain.CaseOfficer, "begin-work", `{"kind":"inspection","at":"2099-01-01T09:00:00+07:00"}`},
	"to-mend":        {domain.CaseOfficer, "finish-work", `{"number":1,"finding":"remediate"}`},
	"publish":        {domain.CaseOfficer, "begin-work", `{"step":"publish"}`},
	"published":      {domain.CaseOfficer, "finish-work", `{"number":1,"finding":"passed"}`},
	"meet":           {domain.CaseOfficer, "begin-work", `{"step":"council","at":"2099-01-01T09:00:00+07:00"}`},
	"met":            {domain.CaseOfficer, "finish-work", `{"number":1,"finding":"passed"}`},
	"charge":         {domain.FeeOfficer, "request-payment", `{"amount":50000,"fees":["appraisal-fee"]}`},
	"pay":            {domain.FeeOfficer, "confirm-payment", `{"number":1,"amount":50000,"method":"cash","receipt":"bl-7"}`},
	"longer":         {domain.CaseOfficer, "propose-extension", `{"due":"2099-12-20T17:00:00+07:00","reason":"complex_case"}`},
	"propose":        {domain.CaseOfficer, "submit-for-approval", `{"proposal":"grant"}`},
	"approve":        {domain.Approver, "approve", `{"outcome":"grant"}`},
	"sign":           {domain.Approver, "sign", ""},
	"number":         {domain.Clerk, "number", ""},
	"issue":          {domain.Clerk, "issue", ""},
	"by-post":        {domain.Applicant, "choose-delivery", `{"way":"post"}`},
	"send":           {domain.ReturnOfficer, "send", `{"slip":"vn-1"}`},
	"return":         {domain.ReturnOfficer, "return", `{"way":"counter"}`},
	"wrong":          {domain.ReceptionOfficer, "report-error", `{"paper":1,"part":"ten","by":"authority"}`},
	"withdraw":       {domain.Applicant, "request-withdrawal", ""},
	"complain":       {domain.ReceptionOfficer, "open-complaint", `{"kind":"lawsuit","other":"12-2026-hc"}`},
	"write":          {domain.CaseOfficer, "send-message", `{"topic":"question","answer_by":"2099-12-20T17:00:00+07:00"}`},
	"ask":            {domain.Applicant, "send-message", `{"topic":"question","answer_by":"2099-12-20T17:00:00+07:00"}`},
	"write-for-soon": {domain.CaseOfficer, "send-message", `{"topic":"question","answer_by":"` + soon + `"}`},
	"head-transfer":  {domain.DivisionHead, "transfer", `{"to":"so-khac","mode":"parallel","slip":"pc-1"}`},
	"announce":       {domain.Clerk, "announce-disposal", ""},
}

const (
	toDesk   = "accept forward assign start "
	toLeader = toDesk + "propose "
	toIssue  = toLeader + "approve sign number issue "
)

// scenes are those of the commands that are possible somewhere else than on a dossier just filed, or with another body than their example.
var scenes = map[string]scene{
	"accept-supplement":    {way: toDesk + "asks supply"},
	"accept-withdrawal":    {way: "withdraw"},
	"add-note":             {body: `{"topic":"called"}`},
	"adjust-submission":    {body: `{"parts":["tp-1"]}`, online: true},
	"announce-disposal":    {way: "refuse||", procedure: "brief"},
	"answer-message":       {way: "write"},
	"apologise-for-delay":  {way: "|accept|", body: `{"promised":"2099-12-20T17:00:00+07:00","reason":"complex_case"}`},
	"approve":              {way: toLeader, body: `{"outcome":"grant"}`},
	"approve-extension":    {way: toDesk + "longer"},
	"assign-officer":       {way: "accept forward", body: `{"officer":"case-officer-same"}`},
	"begin-work":           {way: toDesk, body: steps["test"].body},
	"cancel-payment":       {way: "charge", body: `{"number":1,"reason":"exempt"}`},
	"close-complaint":      {way: toIssue + "return complain", body: `{"number":1,"finding":"upheld","basis":"ban-an-7"}`},
	"confirm-payment":      {way: "charge", body: steps["pay"].body},
	"correct":              {way: toIssue + "wrong", body: `{"number":1}`},
	"decide-by-silence":    {way: "|" + toLeader + "|", procedure: "silent"},
	"delegate-decision":    {way: "accept", body: `{"to":"division-head-same","block":"tuq","until":"2099-12-20T17:00:00+07:00"}`},
	"dispose-record":       {way: "refuse|announce|", procedure: "brief", body: `{"decision":"qd-12","basis":"luat-33-2024"}`},
	"endorse":              {way: toDesk + "meet met propose", procedure: "pesticide-registration", body: `{"outcome":"grant"}`},
	"expire-payment":       {way: "|" + toDesk + "charge|"},
	"expire-supplement":    {way: "|desk-asks|"},
	"fail-delivery":        {way: toIssue + "by-post send", body: `{"reason":"not_met"}`},
	"finish-work":          {way: toDesk + "test", body: `{"number":1,"finding":"passed"}`},
	"fire-timer":           {way: "|write-for-soon|", body: `{"timer":"answer","number":1,"notice":"due","share":100,"due":"` + soon + `","tells":["one_stop_lead"],"rule":"default"}`},
	"forward":              {way: "accept", body: steps["forward"].body},
	"hand-over-record":     {way: "refuse", body: `{"to":"agency","register":"mlhs-7"}`},
	"issue":                {way: toLeader + "approve sign number"},
	"link":                 {body: `{"other":"{other}","kind":"follows"}`},
	"move-to-version":      {body: `{"version":1,"ground":"wrong_version","basis":"nd-309-2026.5"}`},
	"number":               {way: toLeader + "approve sign"},
	"open-complaint":       {way: toIssue + "return", body: steps["complain"].body},
	"propose-extension":    {way: toDesk, body: steps["longer"].body},
	"publish-notification": {way: toDesk + "publish published", procedure: "plant-variety-self-declare"},
	"rate-service":         {way: toIssue + "return", body: `{"overall":"good"}`},
	"receive-transfer":     {way: "transfer", body: `{"number":1}`},
	"recompute-deadline":   {way: "accept"},
	"record-opinion":       {way: toDesk + "consult", body: `{"number":1,"verdict":"agreed"}`},
	"recount-complaint":    {way: toIssue + "return complain", body: `{"number":1}`},
	"record-step":          {way: "accept"},
	"record-portal-status": {body: `{"code":1,"outcome":"accepted"}`},
	"refund-payment":       {way: "charge pay", body: `{"number":1,"amount":1000,"reason":"paid_twice"}`},
	"refuse-reception":     {body: steps["refuse"].body},
	"refuse-transfer":      {way: "transfer", body: `{"number":1,"reason":"not_competent"}`},
	"reject-withdrawal":    {way: "withdraw", body: `{"reason":"not_by_owner"}`},
	"replace":              {way: toIssue, body: `{"paper":1,"reason":"content_changed","decision":"qd-12"}`},
	"report-error":         {way: toIssue, body: steps["wrong"].body},
	"report-remediation":   {way: toDesk + "inspect to-mend", procedure: "feed-manufacture-cert", body: `{"number":2}`},
	"request-opinion":      {way: "accept", body: steps["consult"].body},
	"request-payment":      {body: steps["charge"].body},
	"request-supplement":   {body: steps["desk-asks"].body},
	"resolve-at-once":      {procedure: "at-once", body: `{"outcome":"grant"}`},
	"return":               {way: toIssue, body: `{"way":"counter"}`},
	"return-for-rework":    {way: toLeader, body: `{"reason":"draft_errors"}`},
	"revoke":               {way: toIssue, body: `{"paper":1,"reason":"conditions_lost","decision":"qd-13","basis":"nd-118-2025.22"}`},
	"send":                 {way: toIssue + "by-post", body: `{"slip":"vn-1"}`},
	"send-message":         {body: `{"topic":"question","answer_by":"2099-12-20T17:00:00+07:00","text":"Xin cho biết số lô."}`},
	"sign":                 {way: toLeader + "approve"},
	"start-appraisal":      {way: "accept forward assign"},
	"stop":                 {way: "accept", body: `{"reason":"legal_impediment","basis":"nd-118-2025.21"}`},
	"submit-for-approval":  {way: toDesk, body: `{"proposal":"grant"}`},
	"submit-supplement":    {way: "desk-asks"},
	"transfer":             {body: steps["transfer"].body},
	"undo-act":             {way: "accept", body: undoing("accept")},
	"urge-unit":            {way: "|accept|", body: `{"reason":"overdue"}`},
}

// theirs are the scenes of a role for which the one of the command is no place.
var theirs = map[domain.Role]map[string]scene{
	domain.CaseOfficer:      {"undo-act": {way: toDesk, body: undoing("start-appraisal")}, "answer-message": {way: "ask"}, "expire-supplement": {way: "|" + toDesk + "asks|"}, "request-supplement": {way: toDesk, body: steps["asks"].body}},
	domain.DivisionHead:     {"undo-act": {way: "accept forward assign", body: undoing("assign-officer")}, "request-supplement": {way: toDesk, body: steps["asks"].body}},
	domain.Approver:         {"undo-act": {way: toLeader + "approve", body: undoing("approve")}},
	domain.Clerk:            {"undo-act": {way: toLeader + "approve sign number", body: undoing("number")}},
	domain.ReceptionOfficer: {"receive-transfer": {way: "head-transfer", body: `{"number":1}`}, "answer-message": {way: "ask"}},
}

// undoing takes an act back, with all that it may have led to in view.
func undoing(act string) string {
	return `{"act":"` + act + `","reason":"wrong_dossier","seen":["applicant_told","receipt_issued","supplement_slip_issued","refusal_issued","clock_changes","fees_touched","unit_told","signature_void","number_void"]}`
}

// soon is by when an answer was asked for in a scene of long ago.
var soon = time.Now().Add(-47 * 24 * time.Hour).UTC().Format(time.RFC3339)

// example is a request that is understood and finds something.
type example struct {
	path, query, headers map[string]string
	body                 string
	media                string // "": JSON
}

// stage is a town with a clock, in which every route has something real behind it.
type stage struct {
	*town
	ago    *atomic.Int64
	served int
	ca     *localca.CA
}

func newStage(t *testing.T) *stage {
	t.Helper()
	ca, err := localca.Open("", nil)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := localissuer.Start(localissuer.Options{ClientID: "dossier"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(issuer.Close)
	register, err := localregistry.Start(localregistry.Options{AnyValid: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(register.Close)
	s := &stage{ago: &atomic.Int64{}, ca: ca}
	s.ago.Store(int64(times[0]))
	s.town = openTown(t, devstack.TestKafka(t), &cabinet{dir: t.TempDir(), clamd: devstack.TestNoVirus(t), ca: ca, issuer: issuer.URL(), registry: handlers.NewHTTPRegistry(register.URL(), ""),
		clock: func() time.Time { return time.Now().Add(-time.Duration(s.ago.Load())) }})
	if _, err := s.executor.PublishCalendar(t.Context(), domain.Actor{Account: "machine", Role: domain.System}, "vn", calendar.Shipped()["vn"], handlers.Envelope{Key: "vn"}); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(map[string]any){
		"brief":  func(p map[string]any) { p["retention"] = map[string]any{"years": 1, "certainty": "assumed"} },
		"silent": func(p map[string]any) { p["flow"].(map[string]any)["on_silence"] = "granted" },
		"at-once": func(p map[string]any) {
			p["flow"].(map[string]any)["immediate"] = true
			p["flow"].(map[string]any)["same_hand"] = true
		},
	} {
		s.post("catalogue-admin-same", "/v1/procedures", procedureFile(t, name, change)).is(http.StatusOK)
	}
	return s
}

// procedureFile is that of the usual procedure under another name, changed.
func procedureFile(t *testing.T, id string, change func(map[string]any)) string {
	t.Helper()
	b, err := os.ReadFile("../../domain/procedure/shipped/vet-practice-cert-renew.json")
	if err != nil {
		t.Fatal(err)
	}
	var p map[string]any
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	p["id"] = id
	delete(p, "code")
	change(p)
	b, _ = json.Marshal(p)
	return string(b)
}

func accountOf(role domain.Role) string {
	switch role {
	case domain.Applicant:
		return "applicant-1"
	case domain.System:
		return "machine"
	}
	return strings.ReplaceAll(string(role), "_", "-") + "-same"
}

// sceneOf is the scene of a command in the hands of a role.
func sceneOf(role domain.Role, command string) scene {
	sc, special := theirs[role][command]
	if !special {
		sc = scenes[command]
	}
	if sc.body == "" {
		sc.body = string(dossier.Example(command))
	}
	return sc
}

// lives plays a part of a scene; the first that holds anything files the dossier.
func (s *stage) lives(d *receipt, sc scene, part int) {
	s.t.Helper()
	parts := strings.Split(sc.way, "|")
	if len(parts) == 1 {
		parts = []string{"", "", sc.way}
	}
	last := part == len(times)-1
	if d.ID == "" && (last || strings.TrimSpace(parts[part]) != "") {
		procedure := sc.procedure
		if procedure == "" {
			procedure = "vet-practice-cert-renew"
		}
		by, channel := accountOf(domain.ReceptionOfficer), "counter"
		if sc.online {
			by, channel = "applicant-1", "online"
		}
		*d = s.post(by, "/v1/dossiers", `{"procedure":"`+procedure+`","channel":"`+channel+`","applicant":"applicant-1","unit":"one-stop"}`).is(http.StatusCreated).receipt()
	}
	for _, word := range strings.Fields(parts[part]) {
		st, known := steps[word]
		if !known {
			s.t.Fatalf("no step %q", word)
		}
		*d = s.done(accountOf(st.role), d.ID, st.command, st.body, match(*d))
	}
}

// living is the dossier of a scene that begins now.
func (s *stage) living(sc scene) (d receipt) {
	s.t.Helper()
	s.lives(&d, sc, len(times)-1)
	return d
}

// pdf is a small file.
var pdf = aPDF(300)

// upload is a file of a dossier, sent or only announced.
func (s *stage) upload(by, id string, sent bool) (n fileLine) {
	s.t.Helper()
	s.post(by, "/v1/dossiers/"+id+"/files", announce(pdf)).is(http.StatusCreated).into(&n)
	if sent {
		s.send(by, "PATCH", "/v1/files/"+n.ID, pdf, "Content-Type: application/offset+octet-stream", "Upload-Offset: 0").is(http.StatusOK)
	}
	return n
}

// set lets everything happen that a role must find, and returns a request for each of its routes.
func (s *stage) set(c caller, rights []handlers.Right) map[string]example {
	s.t.Helper()
	found := map[string]example{}
	lives := map[string]*receipt{}
	for part, ago := range times {
		s.ago.Store(int64(ago))
		for _, r := range rights {
			if command, is := strings.CutPrefix(r.Name, "POST /v1/dossiers/{id}/"); is && len(r.Asks) == 1 && r.Asks[0].Kind == handlers.Command && command != "files" {
				if lives[command] == nil {
					lives[command] = &receipt{}
				}
				s.lives(lives[command], sceneOf(c.Role, command), part)
			}
		}
	}
	s.keepTime()
	for command, d := range lives {
		sc := sceneOf(c.Role, command)
		x := example{path: map[string]string{"id": d.ID}, body: sc.body}
		if handlers.NeedsVersion(command) {
			x.headers = map[string]string{"If-Match": strings.TrimPrefix(match(*d), "If-Match: ")}
		}
		if strings.Contains(x.body, "{other}") {
			x.body = strings.ReplaceAll(x.body, "{other}", s.filed())
		}
		if command == "attach-file" || command == "sign-file" {
			by := c.Account
			if handlers.May(c.Actor, handlers.Act{Kind: handlers.Command, Name: "attach-file"}) != nil {
				by = accountOf(domain.ReceptionOfficer)
			}
			b, _ := json.Marshal(map[string]any{"file": s.upload(by, d.ID, true).ID})
			x.body = string(b)
		}
		found["POST /v1/dossiers/{id}/"+command] = x
	}
	s.others(c, rights, found)
	return found
}

// signed is a content that somebody signed at home, as it is asked about.
func (s *stage) signed(content string) string {
	s.t.Helper()
	at, sum := time.Now().Add(-time.Duration(s.ago.Load())), signing.DigestOf([]byte(content))
	guest, err := s.ca.Invite("Nguyễn Thị Kỳ Lân", at.Add(-time.Hour), at.Add(24*time.Hour))
	if err != nil {
		s.t.Fatal(err)
	}
	signature, err := guest.Sign(sum, at, true)
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprintf(`{"sha256":"%x","signature":%q}`, sum, signature)
}

// keepTime tells everything that is due once, as the timekeeper does, and then stays there without a further look: whatever changes from now on, a
// request changed.
func (s *stage) keepTime() {
	s.t.Helper()
	head, err := s.journal.Head(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	views := projections.NewViews(s.pool, s.journal).Follow(s.engine)
	if err := views.Wait(s.t.Context(), head, nil); err != nil {
		s.t.Fatal(err)
	}
	keeper := handlers.NewTimekeeper(s.executor, views, s.pool, handlers.TimekeeperOptions{Every: time.Hour, Lease: 2 * time.Hour})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = keeper.Run(ctx) })
	s.t.Cleanup(func() { stop(); running.Wait() })
	s.ready()
}

func at(name, value string) map[string]string { return map[string]string{name: value} }

// others are requests to the routes that are no command to a dossier.
func (s *stage) others(c caller, rights []handlers.Right, found map[string]example) {
	s.t.Helper()
	may := map[string]bool{}
	for _, r := range rights {
		may[r.Name] = true
	}
	const usual = "vet-practice-cert-renew"
	reception, fees := accountOf(domain.ReceptionOfficer), accountOf(domain.FeeOfficer)
	s.post(reception, "/v1/persons/applicant-1", `{"kind":"citizen","name":"Đỗ Thị Nghĩa","id_number":"001099000001"}`).is(http.StatusOK)
	s.post("applicant-1", "/v1/persons/applicant-1/mandates", `{"to":"applicant-3"}`).is(http.StatusOK)
	id, issued := s.living(scene{way: "charge"}).ID, s.living(scene{way: toIssue + "return"}).ID
	file := s.upload("applicant-1", id, true)
	var order struct{ Reference string }
	s.post("applicant-1", "/v1/dossiers/"+id+"/payments/1/order", "{}").is(http.StatusOK).into(&order)

	for name := range may {
		_, path, _ := strings.Cut(name, " ")
		x := example{path: map[string]string{}, query: map[string]string{}, headers: map[string]string{}, body: bodies[name]}
		if _, done := found[name]; done {
			continue
		}
		switch {
		case strings.HasPrefix(path, "/v1/files/{id}/"):
			x.path["id"] = file.ID
		case path == "/v1/files/{id}":
			x.path["id"] = s.upload(c.Account, s.filed(), false).ID
			x.headers["Upload-Offset"], x.body, x.media = "0", pdf, "application/offset+octet-stream"
		case strings.HasPrefix(path, "/v1/bulk/"):
			x.path["id"] = s.plan(c, strings.HasSuffix(path, "/undo") || strings.HasSuffix(path, "/undo/dry-run"))
		case strings.HasPrefix(path, "/v1/procedures/"):
			x.path["id"] = usual
		case strings.HasPrefix(path, "/v1/dossiers/{id}"):
			x.path["id"] = id
		}
		switch name {
		case "GET /v1/dossiers/{id}/words", "GET /v1/persons/{ref}":
			x.query["purpose"] = "look"
		case "GET /v1/persons/{ref}/prefill":
			x.query["purpose"], x.query["procedure"] = "look", usual
		case "GET /v1/procedures/{id}/move":
			x.query["from"], x.query["to"] = "1", "1"
		case "GET /v1/results/{number}":
			x.path["number"] = s.result(issued)
		case "POST /v1/dossiers":
			x.body = strings.TrimSuffix(filing, "}") + `,"unit":"one-stop"}`
			if c.Role != domain.Applicant {
				x.body = strings.Replace(x.body, "online", "counter", 1)
			}
		case "POST /v1/dossiers/{id}/files":
			x.body = announce(pdf)
		case "POST /v1/dossiers/{id}/look-up":
			x.path["id"], x.body = s.living(scene{procedure: "vet-drug-trade-cert"}).ID, `{"component":"tp-3"}`
		case "POST /v1/dossiers/{id}/payments/{number}/order":
			x.path["number"], x.body = "1", ""
		case "POST /v1/bulk":
			x.body = `{"command":"` + s.inBulk(c) + `","ids":["` + s.filed() + `"],"arguments":` + sceneOf(c.Role, s.inBulk(c)).body + `}`
		case "POST /v1/bulk/{id}/dry-run":
			x.body = ""
		case "POST /v1/bulk/{id}/undo", "POST /v1/bulk/{id}/undo/dry-run":
			x.body = `{"reason":"wrong_content","seen":["applicant_told","receipt_issued","clock_changes","fees_touched"]}`
		case "POST /v1/organisation":
			x.body = s.organisation()
		case "POST /v1/signatures/verify":
			x.body = s.signed("giấy ở nhà")
		case "POST /v1/procedures":
			s.served++
			x.body = procedureFile(s.t, fmt.Sprint("another-", s.served), func(map[string]any) {})
		case "POST /v1/calendars":
			x.body = strings.Replace(string(calendar.Shipped()["nl"]), `"code": "nl"`, `"code": "another"`, 1)
		case "POST /v1/procedures/{id}/facts":
			x.body = `{"application":{"owner_name":"Đỗ Thị Nghĩa","owner_id":"001099000001"}}`
		case "POST /v1/procedures/{id}/switch":
			x.body = `{"unit":"one-stop","open":true,"reason":"pilot","basis":"12-qd"}`
		case "POST /v1/persons/{ref}":
			x.path["ref"] = "applicant-7"
		case "POST /v1/persons/{ref}/erase":
			s.post(reception, "/v1/persons/applicant-8", `{"kind":"citizen","name":"Trần Văn Bình"}`).is(http.StatusOK)
			x.path["ref"] = "applicant-8"
		case "POST /v1/persons/{ref}/correct": // of nobody whose number others need
			s.post(reception, "/v1/persons/applicant-9", `{"kind":"citizen","name":"Trần Văn Bình"}`).is(http.StatusOK)
			x.path["ref"] = "applicant-9"
		case "POST /v1/persons/{ref}/mandates":
			if c.Role == domain.Applicant {
				x.body = `{"to":"applicant-4"}`
			}
		case "POST /v1/persons/{ref}/mandates/{number}/end":
			x.path["number"] = "1"
		case "POST /v1/persons/{ref}/requests/{number}/answer", "POST /v1/persons/{ref}/requests/{number}/extend", "POST /v1/persons/{ref}/requests/{number}/done":
			x.path["ref"], x.path["number"] = s.asked(name), "1"
			if strings.HasSuffix(name, "answer") {
				x.body = `{"answer":"granted"}`
			}
		case "POST /v1/keys":
			x.body = `{"label":"portal","account":"case-officer-same","role":"case_officer","unit":"one-stop","scopes":["read"]}`
		case "POST /v1/keys/{prefix}/confirm", "POST /v1/keys/{prefix}/revoke":
			var made struct{ Key struct{ Prefix string } }
			s.post("admin", "/v1/keys", `{"label":"gone","account":"case-officer-same","role":"case_officer","unit":"one-stop","scopes":["read"]}`).is(http.StatusCreated).into(&made)
			x.path["prefix"], x.body = made.Key.Prefix, ""
		case "POST /v1/sessions/end":
			x.body = `{"account":"case-officer-same"}`
		case "POST /v1/subjects/link":
			x.body = `{"subject":"sub-1","account":"case-officer-same"}`
		case "POST /v1/subjects/confirm":
			s.post("admin", "/v1/subjects/link", `{"subject":"sub-2","account":"case-officer-same"}`).is(http.StatusOK)
			x.body = `{"subject":"sub-2","account":"case-officer-same"}`
		case "POST /v1/tills/payments":
			owing := s.living(scene{way: "charge"}).ID
			if c.Role == domain.FeeOfficer { // one of its own: whoever else may take money opens and closes one
				s.till(c.Account, "BL26P")
			}
			x.body = `{"dossier":"` + owing + `","payment":1,"amount":50000,"method":"cash","series":"BL26P"}`
		case "POST /v1/tills":
			x.body = `{"float":0}`
		case "GET /v1/tills/{officer}/{day}":
			s.till("fee-officer-unit", "")
			x.path["officer"] = "fee-officer-unit"
		case "POST /v1/tills/{day}/close":
			x.body = `{"counted":0}`
			if c.Role == domain.FeeOfficer { // who has money to take first
				x.path["day"] = "2026-01-05"
			}
		case "POST /v1/tills/{officer}/{day}/transfer":
			other := "reception-officer-unit"
			s.till(other, "BL26T")
			owing := s.living(scene{way: "charge"}).ID
			s.post(other, "/v1/tills/payments", `{"dossier":"`+owing+`","payment":1,"amount":50000,"method":"cash","series":"BL26T"}`).is(http.StatusOK)
			s.post(other, "/v1/tills/"+today()+"/close", `{"counted":50000}`).is(http.StatusOK)
			x.path["officer"], x.body = other, `{"document":"GNT-2026/118"}`
		case "POST /v1/receipt-books/{series}":
			x.path["series"], x.body = "BL26N", `{"officer":"`+fees+`","holder":"`+fees+`","first":1,"last":9}`
		case "GET /v1/receipt-books/{series}", "POST /v1/receipt-books/{series}/hand", "POST /v1/receipt-books/{series}/{number}/void":
			series := fmt.Sprint("BL26", len(path))
			s.post(fees, "/v1/receipt-books/"+series, `{"holder":"`+c.Account+`","first":1,"last":9}`).is(http.StatusOK)
			x.path["series"], x.path["number"] = series, "1"
			if strings.HasSuffix(path, "hand") {
				x.body = `{"to":"` + fees + `"}`
			}
		case "POST /v1/receipt-books/{series}/{number}/give-back":
			other := "fee-officer-unit"
			if c.Role == domain.FeeOfficer {
				other = c.Account
			}
			s.till(other, "BL26G")
			owing := s.living(scene{way: "charge"}).ID
			s.post(other, "/v1/tills/payments", `{"dossier":"`+owing+`","payment":1,"amount":50000,"method":"cash","series":"BL26G"}`).is(http.StatusOK)
			x.path["series"], x.path["number"], x.body = "BL26G", "1", `{"amount":50000,"reason":"wrong_amount"}`
		case "POST /v1/payment-orders/{reference}/cancel":
			x.path["reference"] = s.ordered(false)
		case "POST /v1/payment-orders/{reference}/refund":
			x.path["reference"] = s.ordered(true)
		case "POST /v1/money/days/{day}/settle":
			x.body = ""
		case "POST /v1/money/days/{day}/explain":
			x.body = s.difference()
		}
		for slot, value := range map[string]string{"ref": "applicant-1", "code": "vn", "reference": order.Reference, "day": today(), "type": "dossier.accepted.v1"} {
			if _, told := x.path[slot]; !told {
				x.path[slot] = value
			}
		}
		found[name] = x
	}
}

// till opens one, with a receipt book of its own if it is to take money.
func (s *stage) till(officer, series string) {
	s.t.Helper()
	if r := s.post(officer, "/v1/tills", `{"float":0}`); r.StatusCode != http.StatusOK && r.StatusCode != http.StatusConflict {
		r.is(http.StatusOK)
	}
	if series != "" {
		s.post(accountOf(domain.FeeOfficer), "/v1/receipt-books/"+series, `{"holder":"`+officer+`","first":1,"last":9}`).is(http.StatusOK)
	}
}

// ordered is a payment order, paid twice over if it is to be refunded.
func (s *stage) ordered(paid bool) string {
	s.t.Helper()
	id := s.living(scene{way: "charge"}).ID
	var o struct{ Reference string }
	s.post("applicant-1", "/v1/dossiers/"+id+"/payments/1/order", "{}").is(http.StatusOK).into(&o)
	if paid {
		for range 2 {
			if _, err := s.bank.Pay(s.t.Context(), localpay.Payment{Reference: o.Reference}); err != nil {
				s.t.Fatal(err)
			}
		}
		s.post(accountOf(domain.FeeOfficer), "/v1/money/days/"+today()+"/settle", "").is(http.StatusOK)
	}
	return o.Reference
}

// difference is one of today's, to be explained.
func (s *stage) difference() string {
	s.t.Helper()
	s.ordered(true)
	var day struct{ Differences []struct{ Key string } }
	s.get(accountOf(domain.FeeOfficer), "/v1/money/days/"+today()).is(http.StatusOK).into(&day)
	if len(day.Differences) == 0 {
		s.t.Fatal("the day has no difference")
	}
	return `{"key":"` + day.Differences[0].Key + `","cause":"counting_error"}`
}

// asked is somebody who asked about what is known of them.
func (s *stage) asked(name string) string {
	s.t.Helper()
	s.served++
	ref := fmt.Sprint("applicant-10", s.served)
	reception := accountOf(domain.ReceptionOfficer)
	s.post(reception, "/v1/persons/"+ref, `{"kind":"citizen","name":"Trần Văn Bình"}`).is(http.StatusOK)
	s.post(reception, "/v1/persons/"+ref+"/requests", `{"wish":"copy"}`).is(http.StatusOK)
	if strings.HasSuffix(name, "done") {
		s.post(accountOf(domain.DivisionHead), "/v1/persons/"+ref+"/requests/1/answer", `{"answer":"granted"}`).is(http.StatusOK)
	}
	return ref
}

// result is the number of what was issued.
func (s *stage) result(id string) string {
	s.t.Helper()
	head, err := s.journal.Head(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	var list struct{ Items []struct{ Number string } }
	s.get(accountOf(domain.Clerk), fmt.Sprintf("/v1/results?min_position=%d", head)).is(http.StatusOK).into(&list)
	if len(list.Items) == 0 {
		s.t.Fatalf("%s issued nothing", id)
	}
	return list.Items[0].Number
}

// plan is a batch, run if it is to be taken back.
func (s *stage) plan(c caller, run bool) string {
	s.t.Helper()
	by, command, body := c.Account, s.inBulk(c), ""
	id := s.filed()
	if run {
		by, command = accountOf(domain.ReceptionOfficer), "accept"
	}
	if body = sceneOf(c.Role, command).body; body == "" {
		body = "{}"
	}
	if handlers.May(c.Actor, handlers.Act{Kind: handlers.Bulks}) != nil {
		by, command, body = accountOf(domain.ReceptionOfficer), "accept", "{}"
	}
	var b struct{ ID string }
	s.post(by, "/v1/bulk", `{"command":"`+command+`","ids":["`+id+`"],"arguments":`+body+`}`).is(http.StatusCreated).into(&b)
	if run {
		s.post(by, "/v1/bulk/"+b.ID+"/run", "{}").is(http.StatusAccepted)
		if _, err := s.bulk.Work(s.t.Context(), uuid.MustParse(b.ID), func(batch.State) {}); err != nil {
			s.t.Fatal(err)
		}
	}
	return b.ID
}
