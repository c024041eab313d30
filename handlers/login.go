package handlers

import (
	"errors"
	"net/http"
	"strings"

	"dossier/domain"
)

// An Authenticator says who sent a request. Real identity (OpenID Connect, API keys) is another Authenticator.
type Authenticator interface {
	// Authenticate returns the actor, or ErrUnauthenticated when the request names none that is known.
	Authenticate(r *http.Request) (domain.Actor, error)
}

// ErrUnauthenticated says that the caller is nobody we know (401).
var ErrUnauthenticated = errors.New("caller is not authenticated")

// LoginCookie carries the account of the development login.
const LoginCookie = "dossier_as"

// DevLogin believes whatever account a request names. It is for development only: `dev` wires it, and `serve` only when told.
type DevLogin struct {
	accounts []Account
	byName   map[string]Account
}

// Account is a demo login.
type Account struct {
	Account string
	Role    domain.Role
	Unit    string
	VI, EN  string // what it is, in words
}

// Actor is the account as an actor.
func (a Account) Actor() domain.Actor {
	return domain.Actor{Account: a.Account, Role: a.Role, Unit: a.Unit}
}

// The units of the demo authority.
const (
	UnitOneStop         = "one-stop"
	UnitAnimalHealth    = "animal-health"
	UnitPlantProtection = "plant-protection"
	UnitRegistry        = "registry"
	UnitLeadership      = "leadership"
	UnitInspectorate    = "inspectorate"
	UnitIT              = "it"
)

// NewDevLogin returns the demo accounts, at least one for each role. An applicant's account is its applicant reference.
func NewDevLogin() *DevLogin {
	d := &DevLogin{byName: map[string]Account{}, accounts: []Account{
		{"applicant-1", domain.Applicant, "", "Người nộp thứ nhất", "First applicant"},
		{"applicant-2", domain.Applicant, "", "Người nộp thứ hai", "Second applicant"},
		{"reception", domain.ReceptionOfficer, UnitOneStop, "Cán bộ một cửa", "Reception officer"},
		{"officer-1", domain.CaseOfficer, UnitAnimalHealth, "Chuyên viên thụ lý, thú y", "Case officer, animal health"},
		{"officer-2", domain.CaseOfficer, UnitPlantProtection, "Chuyên viên thụ lý, bảo vệ thực vật", "Case officer, plant protection"},
		{"head", domain.DivisionHead, UnitAnimalHealth, "Lãnh đạo phòng, thú y", "Head of division, animal health"},
		{"head-2", domain.DivisionHead, UnitPlantProtection, "Lãnh đạo phòng, bảo vệ thực vật", "Head of division, plant protection"},
		{"approver", domain.Approver, UnitLeadership, "Lãnh đạo đơn vị", "Approver"},
		{"clerk", domain.Clerk, UnitRegistry, "Văn thư", "Clerk"},
		{"return", domain.ReturnOfficer, UnitOneStop, "Cán bộ trả kết quả", "Return officer"},
		{"fees", domain.FeeOfficer, UnitOneStop, "Cán bộ thu phí", "Fee officer"},
		{"lead", domain.OneStopLead, UnitOneStop, "Lãnh đạo Bộ phận Một cửa", "Head of the one-stop unit"},
		{"consulted", domain.ConsultedUnit, UnitPlantProtection, "Đơn vị phối hợp", "Consulted unit"},
		{"controller", domain.ProcedureController, UnitLeadership, "Kiểm soát thủ tục", "Procedure controller"},
		{"catalogue", domain.CatalogueAdmin, UnitLeadership, "Quản trị danh mục thủ tục", "Catalogue administrator"},
		{"auditor", domain.Auditor, UnitInspectorate, "Thanh tra, kiểm toán", "Auditor"},
		{"admin", domain.SystemAdmin, UnitIT, "Quản trị hệ thống", "System administrator"},
	}}
	for _, a := range d.accounts {
		d.byName[a.Account] = a
	}
	return d
}

// Accounts lists the demo logins in the order a dossier meets them.
func (d *DevLogin) Accounts() []Account { return d.accounts }

// Account finds a demo login by name (`--as`).
func (d *DevLogin) Account(name string) (Account, bool) {
	a, ok := d.byName[name]
	return a, ok
}

// Authenticate takes `Authorization: Bearer dev:ACCOUNT`, or else the login cookie.
func (d *DevLogin) Authenticate(r *http.Request) (domain.Actor, error) {
	a, ok := d.byName[named(r)]
	if !ok {
		return domain.Actor{}, ErrUnauthenticated
	}
	return a.Actor(), nil
}

func named(r *http.Request) string {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		account, ok := strings.CutPrefix(strings.TrimSpace(token), "dev:")
		if !ok || !strings.EqualFold(scheme, "Bearer") {
			return ""
		}
		return account
	}
	if c, err := r.Cookie(LoginCookie); err == nil {
		return c.Value
	}
	return ""
}

// Nobody refuses every caller: what `serve` uses until an identity provider is configured.
type Nobody struct{}

// Authenticate always fails.
func (Nobody) Authenticate(*http.Request) (domain.Actor, error) {
	return domain.Actor{}, ErrUnauthenticated
}
