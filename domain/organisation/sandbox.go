package organisation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dossier/domain"
	"dossier/domain/calendar"
)

// Sandbox is one round of an agency whose dossiers are tests: no report counts them and nobody else sees them. A reset closes the round and
// opens the next; the agency, its units, accounts and keys stay.
type Sandbox struct {
	Agency string `json:"agency"`
	Round  int    `json:"round"`
}

// Name marks the dossiers of a round: "sandbox.3".
func (s Sandbox) Name() string { return fmt.Sprintf("%s.%d", s.Agency, s.Round) }

// Takes says whether a reference of an applicant is one of the sandbox: its people have the agency's code before their names, so that nobody
// real is met in there, and nobody real files there by mistake.
func (s Sandbox) Takes(applicant string) bool { return strings.HasPrefix(applicant, s.Agency+"-") }

// Sandboxes are the open rounds of all agencies that are one, in the order of their codes.
func (o Organisation) Sandboxes() (open []Sandbox) {
	for _, a := range o.Agencies { // in the order of codes and days
		if a.Sandbox && (len(open) == 0 || open[len(open)-1].Agency != a.Code) {
			open = append(open, Sandbox{a.Code, max(o.Rounds[a.Code], 1)})
		}
	}
	return open
}

// SandboxOf is the open round of the agency of a unit, where that is a sandbox.
func (o Organisation) SandboxOf(unit string, d calendar.Date) (Sandbox, bool) {
	open := o.Sandboxes()
	if len(open) == 0 {
		return Sandbox{}, false
	}
	agency := o.agencyOf(unit, d)
	i := slices.IndexFunc(open, func(s Sandbox) bool { return s.Agency == agency })
	if i < 0 {
		return Sandbox{}, false
	}
	return open[i], true
}

// SandboxFor is the round in which somebody is at work or files, if any: by the unit, for an applicant by its name.
func (o Organisation) SandboxFor(a domain.Actor, d calendar.Date) (Sandbox, bool) {
	if a.Role != domain.Applicant {
		return o.SandboxOf(a.Unit, d)
	}
	for _, s := range o.Sandboxes() {
		if s.Takes(a.Account) {
			return s, true
		}
	}
	return Sandbox{}, false
}

func (o Organisation) opened(agency string, round int) Organisation {
	o.Rounds = maps.Clone(o.Rounds)
	if o.Rounds == nil {
		o.Rounds = map[string]int{}
	}
	o.Rounds[agency] = round
	return o
}

// reset closes the open round of a sandbox and opens the next.
func reset(o Organisation, w ResetSandbox) ([]Event, error) {
	open := o.Sandboxes()
	i := slices.IndexFunc(open, func(s Sandbox) bool { return s.Agency == w.Agency })
	if i < 0 {
		var names []string
		for _, s := range open {
			names = append(names, s.Agency)
		}
		return nil, &domain.Invalid{Code: "no_sandbox", Field: "agency",
			VI: fmt.Sprintf("“%.64s” không phải cơ quan thử nghiệm. Có: %s. Thêm bằng “sandbox: true” ở một cơ quan trong tệp tổ chức.", w.Agency, orNone(names, "không có")),
			EN: fmt.Sprintf("“%.64s” is no sandbox. There are: %s. Add one with “sandbox: true” at an agency of the organisation's file.", w.Agency, orNone(names, "none"))}
	}
	return []Event{SandboxReset{Agency: w.Agency, Closes: open[i].Round, Opens: open[i].Round + 1}}, nil
}

// sandboxes keeps tests and real work apart in a plan: nothing above or below a sandbox, numbers of its own, and nobody in it who makes rules
// for others.
func (c *check) sandboxes() {
	is := map[string]bool{}
	for _, a := range c.Agencies {
		is[a.Code] = is[a.Code] || a.Sandbox
	}
	for i, a := range c.Agencies {
		path := fmt.Sprintf("agencies[%d]", i)
		switch {
		case is[a.Code] != a.Sandbox:
			c.say(path+".sandbox", "sandbox_changes", "“%s” là cơ quan thử nghiệm ở một thời hạn và không phải ở thời hạn khác; dùng mã khác.", "“%s” is a sandbox in one term and none in another; use another code.", a.Code)
		case is[a.Parent] || a.Sandbox && a.Parent != "":
			c.say(path+".parent", "sandbox_apart", "Cơ quan thử nghiệm không có cơ quan trên hay dưới.", "A sandbox has no agency above or below it.")
		case a.Sandbox && a.Codes == nil:
			c.say(path+".codes", "missing", "Cơ quan thử nghiệm phải có cách đánh mã riêng, để không lấy số của hồ sơ thật.", "A sandbox numbers by itself, so that it takes no number of a real dossier.")
		case a.Sandbox && slices.ContainsFunc(c.Agencies, func(b Agency) bool {
			return b.Code != a.Code && b.Codes != nil && b.Codes.Identifier == a.Codes.Identifier
		}):
			c.say(path+".codes.identifier", "twice", "Mã định danh “%s” là của cơ quan khác.", "The identifier “%s” is another agency's.", a.Codes.Identifier)
		}
	}
	agency := func(unit string) string { return c.agencyOf(unit, c.today) }
	for i, u := range c.Units {
		if u.Parent != "" && (is[u.Agency] || is[agency(u.Parent)]) && agency(u.Parent) != u.Agency {
			c.say(fmt.Sprintf("units[%d].parent", i), "sandbox_apart", "Đơn vị thử nghiệm chỉ nằm trong cơ quan thử nghiệm của mình.", "A unit of a sandbox stands below a unit of that sandbox.")
		}
	}
	for i, a := range c.Accounts {
		in := map[string]bool{}
		for j, p := range a.Posts {
			if at := agency(p.Unit); is[at] {
				in[at] = true
				if p.Role == domain.SystemAdmin || p.Role == domain.CatalogueAdmin {
					c.say(fmt.Sprintf("accounts[%d].posts[%d].role", i, j), "sandbox_apart", "Ở cơ quan thử nghiệm không có vai trò %s: vai trò này tác động đến mọi cơ quan.", "There is no role %s in a sandbox: it acts on all agencies.", p.Role)
				}
			} else {
				in[""] = true
			}
		}
		if len(in) > 1 {
			c.say(fmt.Sprintf("accounts[%d].posts", i), "sandbox_apart", "Tài khoản “%s” vừa ở cơ quan thử nghiệm vừa ở cơ quan khác; dùng hai tài khoản.", "Account “%s” is in a sandbox and elsewhere; use two accounts.", a.ID)
		}
	}
}

// turned tells agencies that have begun and are to become a sandbox, or to stop being one: their dossiers are what they were filed as.
func turned(is, tobe Plan) (found Findings) {
	was := map[string]bool{}
	for _, a := range is.Agencies {
		was[a.Code] = a.Sandbox
	}
	for i, a := range tobe.Agencies {
		if before, known := was[a.Code]; known && before != a.Sandbox {
			found = append(found, Finding{Path: fmt.Sprintf("agencies[%d].sandbox", i), Code: "sandbox_changes",
				VI: fmt.Sprintf("“%s” đã có hồ sơ hoặc có thể đã có: không đổi giữa thật và thử nghiệm. Dùng mã khác.", a.Code),
				EN: fmt.Sprintf("“%s” has dossiers, or may have: it does not change between real and sandbox. Use another code.", a.Code)})
		}
	}
	return found
}
