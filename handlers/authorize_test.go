package handlers_test

import (
	"net/http/httptest"
	"slices"
	"testing"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"
)

// roles is every role there is, and one there is not.
var roles = []domain.Role{
	domain.Applicant, domain.ReceptionOfficer, domain.ReturnOfficer, domain.OneStopLead, domain.Clerk, domain.DivisionHead,
	domain.CaseOfficer, domain.ConsultedUnit, domain.Approver, domain.FeeOfficer, domain.ProcedureController, domain.CatalogueAdmin, domain.SystemAdmin, domain.Auditor,
	domain.System, "no_such_role", "",
}

// commandActors is who may send what, written down a second time on purpose: a change of the law must change both.
var commandActors = map[string][]domain.Role{
	"submit":               {domain.Applicant, domain.ReceptionOfficer},
	"check-component":      {domain.ReceptionOfficer, domain.CaseOfficer},
	"accept":               {domain.ReceptionOfficer},
	"refuse-reception":     {domain.ReceptionOfficer},
	"request-supplement":   {domain.ReceptionOfficer, domain.CaseOfficer, domain.DivisionHead},
	"submit-supplement":    {domain.Applicant, domain.ReceptionOfficer},
	"accept-supplement":    {domain.ReceptionOfficer},
	"expire-supplement":    {domain.ReceptionOfficer, domain.CaseOfficer},
	"adjust-submission":    {domain.Applicant},
	"transfer":             {domain.ReceptionOfficer, domain.DivisionHead},
	"receive-transfer":     {domain.ReceptionOfficer, domain.DivisionHead},
	"refuse-transfer":      {domain.ReceptionOfficer, domain.DivisionHead},
	"forward":              {domain.ReceptionOfficer},
	"assign-officer":       {domain.DivisionHead},
	"start-appraisal":      {domain.CaseOfficer},
	"request-opinion":      {domain.CaseOfficer, domain.DivisionHead, domain.ReceptionOfficer},
	"record-opinion":       {domain.ConsultedUnit, domain.CaseOfficer},
	"begin-work":           {domain.CaseOfficer, domain.DivisionHead},
	"finish-work":          {domain.CaseOfficer, domain.ConsultedUnit},
	"report-remediation":   {domain.Applicant, domain.ReceptionOfficer},
	"request-payment":      {domain.FeeOfficer, domain.CaseOfficer, domain.ReceptionOfficer},
	"confirm-payment":      {domain.FeeOfficer, domain.ReceptionOfficer, domain.System},
	"cancel-payment":       {domain.FeeOfficer, domain.ReceptionOfficer},
	"refund-payment":       {domain.FeeOfficer, domain.ReceptionOfficer, domain.System},
	"expire-payment":       {domain.FeeOfficer, domain.ReceptionOfficer, domain.CaseOfficer},
	"submit-for-approval":  {domain.CaseOfficer},
	"return-for-rework":    {domain.DivisionHead, domain.Approver},
	"endorse":              {domain.DivisionHead, domain.Approver},
	"delegate-decision":    {domain.Approver},
	"approve":              {domain.Approver, domain.DivisionHead},
	"decide-by-silence":    {domain.Approver},
	"sign":                 {domain.Approver, domain.DivisionHead},
	"number":               {domain.Clerk},
	"issue":                {domain.Clerk},
	"publish-notification": {domain.CaseOfficer, domain.ReceptionOfficer},
	"resolve-at-once":      {domain.Approver, domain.ReceptionOfficer},
	"choose-delivery":      {domain.Applicant, domain.ReceptionOfficer, domain.ReturnOfficer},
	"send":                 {domain.ReturnOfficer},
	"fail-delivery":        {domain.ReturnOfficer},
	"return":               {domain.ReturnOfficer},
	"propose-extension":    {domain.CaseOfficer},
	"approve-extension":    {domain.Approver},
	"apologise-for-delay":  {domain.CaseOfficer, domain.OneStopLead, domain.ReceptionOfficer, domain.Approver},
	"urge-unit":            {domain.OneStopLead, domain.ProcedureController},
	"request-withdrawal":   {domain.Applicant, domain.ReceptionOfficer},
	"accept-withdrawal":    {domain.ReceptionOfficer},
	"reject-withdrawal":    {domain.ReceptionOfficer},
	"stop":                 {domain.Approver},
	"undo-act":             {domain.ReceptionOfficer, domain.DivisionHead, domain.CaseOfficer, domain.Approver, domain.Clerk},
	"report-error":         {domain.Applicant, domain.ReceptionOfficer, domain.ReturnOfficer, domain.CaseOfficer, domain.Clerk},
	"correct":              {domain.Clerk, domain.Approver},
	"replace":              {domain.Approver},
	"revoke":               {domain.Approver},
	"rate-service":         {domain.Applicant},
	"link":                 {domain.ReceptionOfficer, domain.OneStopLead, domain.CaseOfficer},
	"open-complaint":       {domain.ReceptionOfficer, domain.OneStopLead, domain.ProcedureController},
	"close-complaint":      {domain.ReceptionOfficer, domain.OneStopLead, domain.ProcedureController, domain.System},
	"recount-complaint":    {domain.System},
	"record-portal-status": {domain.System, domain.SystemAdmin},
	"send-message":         {domain.Applicant, domain.ReceptionOfficer, domain.ReturnOfficer, domain.OneStopLead, domain.CaseOfficer, domain.DivisionHead},
	"answer-message":       {domain.Applicant, domain.ReceptionOfficer, domain.ReturnOfficer, domain.OneStopLead, domain.CaseOfficer, domain.DivisionHead},
	"attach-file":          {domain.Applicant, domain.ReceptionOfficer, domain.CaseOfficer, domain.DivisionHead, domain.ConsultedUnit, domain.Clerk},
	"sign-file":            {domain.Applicant, domain.ReceptionOfficer, domain.CaseOfficer, domain.DivisionHead, domain.ConsultedUnit, domain.Clerk, domain.Approver},
	"add-note":             {domain.ReceptionOfficer, domain.ReturnOfficer, domain.OneStopLead, domain.CaseOfficer, domain.DivisionHead, domain.Approver, domain.Clerk},
	"hand-over-record":     {domain.Clerk, domain.CaseOfficer},
	"announce-disposal":    {domain.Clerk},
	"dispose-record":       {domain.Clerk},
	"record-step":          {domain.CaseOfficer, domain.DivisionHead, domain.ReceptionOfficer, domain.ConsultedUnit, domain.Clerk},
	"recompute-deadline":   {domain.System},
	"fire-timer":           {domain.System},
	"record-deadline":      {},
	"record-outcome":       {},
	"move-to-version":      {domain.Approver, domain.OneStopLead},
}

func TestEveryRoleMayDoExactlyItsCommands(t *testing.T) {
	t.Parallel()
	for _, name := range dossier.CommandNames() {
		want, listed := commandActors[name]
		if !listed {
			t.Errorf("command %s stands in no list of rights", name)
		}
		for _, role := range roles {
			err := handlers.Authorize(domain.Actor{Account: "me", Role: role}, handlers.Act{Kind: handlers.Command, Name: name, Applicant: "me"})
			if allowed := err == nil; allowed != slices.Contains(want, role) {
				t.Errorf("%s by %q: allowed %v", name, role, allowed)
			}
			if err != nil && refusalCode(err) != handlers.NotAllowed {
				t.Errorf("%s by %q is refused with %v", name, role, err)
			}
		}
	}
	if len(commandActors) != len(dossier.CommandNames()) {
		t.Errorf("%d commands in the list of rights, %d in the domain", len(commandActors), len(dossier.CommandNames()))
	}
}

func TestEveryRoleMayReadExactlyWhatIsItsOwnToRead(t *testing.T) {
	t.Parallel()
	readers := []domain.Role{
		domain.Applicant, domain.ReceptionOfficer, domain.ReturnOfficer, domain.OneStopLead, domain.Clerk, domain.DivisionHead,
		domain.CaseOfficer, domain.ConsultedUnit, domain.Approver, domain.FeeOfficer, domain.ProcedureController, domain.Auditor, domain.System,
	}
	rights := map[handlers.ActKind][]domain.Role{
		handlers.Read: readers, handlers.List: readers, handlers.Feed: readers,
		handlers.Import: {domain.System}, handlers.Rule: {domain.CatalogueAdmin, domain.System}, handlers.Operate: {domain.SystemAdmin, domain.System}, "no_such_act": nil,
		handlers.Collect: {domain.ReceptionOfficer, domain.FeeOfficer}, handlers.Reconcile: {domain.FeeOfficer, domain.System},
	}
	for kind, want := range rights {
		for _, role := range roles {
			err := handlers.Authorize(domain.Actor{Account: "me", Role: role}, handlers.Act{Kind: kind, Applicant: "me"})
			if allowed := err == nil; allowed != slices.Contains(want, role) {
				t.Errorf("%s by %q: allowed %v", kind, role, allowed)
			}
		}
	}
}

func TestAnApplicantMeetsOnlyItsOwnDossiers(t *testing.T) {
	t.Parallel()
	me := domain.Actor{Account: "me", Role: domain.Applicant}
	for _, act := range []handlers.Act{{Kind: handlers.Read}, {Kind: handlers.Command, Name: "submit-supplement"}, {Kind: handlers.Command, Name: "submit"}} {
		for _, whose := range []string{"", "you", "me2", "ME"} {
			act.Applicant = whose
			if err := handlers.Authorize(me, act); refusalCode(err) != handlers.NotAllowed {
				t.Errorf("%s %s on a dossier of %q: %v", act.Kind, act.Name, whose, err)
			}
		}
	}
	if handlers.Only(me) != "me" || handlers.Only(domain.Actor{Account: "me", Role: domain.Auditor}) != "" {
		t.Error("lists are not cut down to the applicant's own")
	}
	if err := handlers.Authorize(domain.Actor{Role: domain.Auditor}, handlers.Act{Kind: handlers.Read}); err == nil {
		t.Error("an actor without an account may read")
	}
}

func TestDemoAccountsCoverEveryRoleAPersonHas(t *testing.T) {
	t.Parallel()
	login := handlers.NewDevLogin()
	for _, role := range roles[:12] {
		if !slices.ContainsFunc(login.Accounts(), func(a handlers.Account) bool { return a.Role == role && a.VI != "" && a.EN != "" }) {
			t.Errorf("no demo account for %s", role)
		}
	}
	for _, a := range login.Accounts() {
		if !dossier.Code(a.Account).Valid() || a.Unit != "" && !dossier.Code(a.Unit).Valid() {
			t.Errorf("account %+v cannot stand in an event", a)
		}
	}
}

func TestTheDevelopmentLoginBelievesAHeaderOrACookie(t *testing.T) {
	t.Parallel()
	login := handlers.NewDevLogin()
	tests := []struct{ header, cookie, want string }{
		{"Bearer dev:reception", "", "reception"},
		{"bearer dev:reception", "", "reception"},
		{"", "clerk", "clerk"},
		{"Bearer dev:reception", "clerk", "reception"},
		{"Bearer nonsense", "clerk", ""}, // a wrong token is never covered up by a cookie
		{"Basic dev:reception", "", ""},
		{"Bearer dev:nobody", "", ""},
		{"", "nobody", ""},
		{"", "", ""},
	}
	for _, test := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		if test.header != "" {
			r.Header.Set("Authorization", test.header)
		}
		if test.cookie != "" {
			r.Header.Set("Cookie", handlers.LoginCookie+"="+test.cookie)
		}
		a, err := login.Authenticate(r)
		if a.Account != test.want || (err == nil) != (test.want != "") {
			t.Errorf("header %q, cookie %q: %q, %v", test.header, test.cookie, a.Account, err)
		}
	}
	if _, err := (handlers.Nobody{}).Authenticate(httptest.NewRequest("GET", "/", nil)); err == nil {
		t.Error("nobody is somebody")
	}
}
