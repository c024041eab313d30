package handlers

import (
	"fmt"
	"slices"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/organisation"
)

// Act is what somebody wants to do, and to whose dossier.
type Act struct {
	Kind      ActKind
	Name      string // the command in kebab-case, for Kind Command
	Applicant string // the dossier's applicant; checked when an applicant acts on one dossier
}

// ActKind groups acts that are allowed together.
type ActKind string

// The kinds of acts.
const (
	Command   ActKind = "command"   // change a dossier
	Read      ActKind = "read"      // one dossier, its states and its history
	List      ActKind = "list"      // many dossiers; an applicant gets its own only
	Feed      ActKind = "feed"      // events; an applicant gets those of its own dossiers only
	Import    ActKind = "import"    // bring in history from elsewhere
	Rule      ActKind = "rule"      // publish calendars and procedures
	Operate   ActKind = "operate"   // look after the machine: no content
	Audit     ActKind = "audit"     // the access journal
	People    ActKind = "people"    // see who persons are
	Enrol     ActKind = "enrol"     // register and correct persons
	Erase     ActKind = "erase"     // decide that a person is erased
	Oneself   ActKind = "oneself"   // what concerns one's own person: mandates, requests about one's data
	Timers    ActKind = "timers"    // what all dossiers wait for, and who is told
	Collect   ActKind = "collect"   // take and give back money at a counter
	Reconcile ActKind = "reconcile" // look after an agency's money: receipt books, refunds, the day's differences
	Consult   ActKind = "consult"   // the rules of the house: procedures, calendars, agencies and units
	Roster    ActKind = "roster"    // who works here: accounts with their roles, delegations
	Bulks     ActKind = "bulk"      // plan one act on many dossiers; the act itself is asked for too
	Batches   ActKind = "batches"   // what is done to many dossiers at once
	Try       ActKind = "try"       // begin a sandbox anew
	LookUp    ActKind = "look-up"   // ask a register about a person for a dossier
)

// staff may see every dossier of the authority.
var staff = []domain.Role{
	domain.ReceptionOfficer, domain.ReturnOfficer, domain.OneStopLead, domain.Clerk, domain.DivisionHead, domain.CaseOfficer,
	domain.ConsultedUnit, domain.Approver, domain.FeeOfficer, domain.ProcedureController, domain.Auditor, domain.System,
}

// rights says which roles may do what beside commands, whose actors stand in the domain's table. What is not here is refused.
var rights = map[ActKind][]domain.Role{
	Read:    append([]domain.Role{domain.Applicant}, staff...),
	List:    append([]domain.Role{domain.Applicant}, staff...),
	Feed:    append([]domain.Role{domain.Applicant}, staff...),
	Import:  {domain.System},
	Rule:    {domain.CatalogueAdmin, domain.System},
	Operate: {domain.SystemAdmin, domain.System},
	Audit:   {domain.Auditor},
	Oneself: {domain.Applicant},
	Timers:  staff,
	Enrol:   {domain.ReceptionOfficer, domain.OneStopLead, domain.CaseOfficer},
	Erase:   {domain.DivisionHead, domain.Approver},
	People:  {domain.ReceptionOfficer, domain.ReturnOfficer, domain.OneStopLead, domain.CaseOfficer, domain.Clerk, domain.DivisionHead, domain.Approver, domain.Auditor},

	Consult: domain.Roles(),
	Roster:  insiders,
	Try:     insiders,
	Bulks:   officers(),
	Batches: staff,
	LookUp:  {domain.ReceptionOfficer, domain.CaseOfficer}, // who checks parts of a dossier and may see who persons are

	Collect:   {domain.ReceptionOfficer, domain.FeeOfficer}, // who may confirm a payment
	Reconcile: {domain.FeeOfficer, domain.System},
}

// officers are the staff who may do at least one act to many dossiers.
func officers() (roles []domain.Role) {
	for _, role := range staff {
		if slices.ContainsFunc(BulkCommands(), func(name string) bool { return slices.Contains(actors[name], role) }) {
			roles = append(roles, role)
		}
	}
	return roles
}

// actors says which roles may send a command.
var actors = func() map[string][]domain.Role {
	by := map[string][]domain.Role{}
	for _, t := range dossier.Table() {
		if t.Origin == domain.Imported {
			continue // never sent by anybody: Import
		}
		name := dossier.Kebab(t.Command)
		by[name] = append(by[name], t.Actors...)
	}
	return by
}()

// Authorize is the one place that says who may do what. It never reads a view: views may lag.
func Authorize(a domain.Actor, act Act) error {
	if err := May(a, act); err != nil {
		return err
	}
	if a.Role == domain.Applicant && (act.Kind == Command || act.Kind == Read || act.Kind == Oneself) && act.Applicant != a.Account {
		return notTheirs()
	}
	return nil
}

// May is what can be said before the dossier is read: whether the role does such acts at all.
func May(a domain.Actor, act Act) error {
	if !mayEver(a, act) {
		return notAllowed(a, act)
	}
	return nil
}

func mayEver(a domain.Actor, act Act) bool {
	if a.Account == "" {
		return false
	}
	if act.Kind == Command {
		return slices.Contains(actors[act.Name], a.Role)
	}
	return slices.Contains(rights[act.Kind], a.Role)
}

// Only returns the applicant whose dossiers alone the actor may see in lists and feeds, "" for all of them.
func Only(a domain.Actor) string {
	if a.Role == domain.Applicant {
		return a.Account
	}
	return ""
}

// NotAllowed is the code of every refusal of a right (403).
const NotAllowed = "not_allowed"

// Forbids says whether a refusal is one of a right (403) rather than of a rule.
func Forbids(r *domain.Refusal) bool {
	switch r.Code {
	case NotAllowed, organisation.AccountUnknown, organisation.AccountNotValid, organisation.RoleNotHeld:
		return true
	}
	return false
}

func notAllowed(a domain.Actor, act Act) error {
	roleVI, roleEN := dossier.Label("role", string(a.Role), "vi"), dossier.Label("role", string(a.Role), "en")
	if act.Kind == Command {
		return &domain.Refusal{
			Code: NotAllowed,
			VI:   fmt.Sprintf("Vai trò “%s” không được thực hiện “%s”. Có thể làm: chuyển cho người có vai trò phù hợp", roleVI, dossier.Label("command", act.Name, "vi")),
			EN:   fmt.Sprintf("The role “%s” may not do “%s”. You can: pass it to somebody who has the role for it", roleEN, dossier.Label("command", act.Name, "en")),
		}
	}
	return &domain.Refusal{
		Code: NotAllowed,
		VI:   fmt.Sprintf("Vai trò “%s” không có quyền xem nội dung này", roleVI),
		EN:   fmt.Sprintf("The role “%s” may not see this", roleEN),
	}
}

func notTheirs() error {
	return &domain.Refusal{Code: NotAllowed, VI: "Không có quyền đối với hồ sơ này: hồ sơ của người khác", EN: "You have no right to this dossier: it is somebody else's"}
}
