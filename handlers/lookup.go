package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/domain/dossier"
	"dossier/domain/procedure"

	"github.com/google/uuid"
)

// What an authority can look up itself nobody need bring (Decree 118/2025, Article 9). A part of a dossier that its procedure says to be
// found in a register is asked for under the applicant's number; the answer lies in the vault, and the part counts as looked up.

// Registry is a register of persons or businesses that others keep.
type Registry interface {
	// LookUp asks for what a register has under a number; ErrNotInRegister when it has nothing.
	LookUp(ctx context.Context, register, number string) (RegistryAnswer, error)
}

// RegistryAnswer is what a register says.
type RegistryAnswer struct {
	Record json.RawMessage `json:"record"` // as the register gives it
	AsOf   time.Time       `json:"as_of"`
}

// ErrNotInRegister says that the register answers and has nothing under the number.
var ErrNotInRegister = errors.New("not in the register")

// HTTPRegistry asks over HTTP: GET {url}/{register}/{number}, 404 for nothing.
type HTTPRegistry struct {
	at, key string
	client  *http.Client
}

// NewHTTPRegistry returns one; the key goes as a bearer token.
func NewHTTPRegistry(at, key string) *HTTPRegistry {
	return &HTTPRegistry{strings.TrimSuffix(at, "/"), key, &http.Client{Timeout: 10 * time.Second}}
}

// LookUp implements Registry. Its errors never hold the number.
func (r *HTTPRegistry) LookUp(ctx context.Context, register, number string) (a RegistryAnswer, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.at+"/"+url.PathEscape(register)+"/"+url.PathEscape(number), nil)
	if err != nil {
		return a, fmt.Errorf("the address of the registers is none")
	}
	if r.key != "" {
		request.Header.Set("Authorization", "Bearer "+r.key)
	}
	response, err := r.client.Do(request)
	if err != nil {
		if inner := (*url.Error)(nil); errors.As(err, &inner) {
			err = inner.Err // without the address, in which the number stands
		}
		return a, fmt.Errorf("ask register %s: %w", register, err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotFound:
		return a, ErrNotInRegister
	case response.StatusCode != http.StatusOK:
		return a, fmt.Errorf("register %s answered %s", register, response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&a); err != nil || !json.Valid(a.Record) || a.AsOf.IsZero() {
		return a, fmt.Errorf("register %s answered what is no record", register)
	}
	return a, nil
}

// LookUp asks the register for a part of a dossier and records what was found: looked up, or insufficient. The answer goes into the vault with
// its source and time. A register that does not answer changes nothing.
func (k *Persons) LookUp(ctx context.Context, by Accessor, id uuid.UUID, component dossier.Code, e Envelope) (Receipt, error) {
	check := dossier.CheckComponent{Component: component, Verdict: "looked_up"}
	name := dossier.Kebab(check.Name())
	refused := func(err error) (Receipt, error) { return Receipt{}, k.x.Refused(ctx, by.Actor, e, name, id, err) }
	facts, err := k.x.Facts(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	s := dossier.Fold(facts)
	if err := k.x.AuthorizeOn(ctx, by.Actor, Act{Kind: LookUp}, s); err != nil {
		return refused(err)
	}
	if err := k.x.Admits(ctx, by.Actor); err != nil {
		return refused(err)
	}
	switch {
	case s.Sandbox != "":
		return refused(untried("cơ sở dữ liệu để tra cứu", "registers to look in"))
	case k.x.o.Vault == nil:
		return refused(noVault())
	case k.x.o.Registry == nil:
		return refused(&domain.Refusal{Code: "no_registers", VI: "Chưa nối với cơ sở dữ liệu nào (REGISTRY_URL). Nhận bản giấy và kiểm tra (check-component).",
			EN: "No registers are connected (REGISTRY_URL). Take the paper and check it (check-component)."})
	}
	register, err := k.register(ctx, s, component)
	if err != nil {
		return refused(err)
	}
	number, err := k.numberOf(ctx, by, s.Applicant)
	if err != nil {
		return refused(err)
	}
	answer, err := k.x.o.Registry.LookUp(ctx, register, number)
	switch {
	case errors.Is(err, ErrNotInRegister):
		check.Verdict, check.Reason = dossier.Insufficient, "missing"
		check.Text = dossier.Typed(fmt.Sprintf("%s: không có / nothing found, %s", register, k.x.o.Now().UTC().Format(time.RFC3339)))
	case err != nil:
		return refused(&domain.Refusal{Code: "register_away", Basis: "NĐ 118/2025, Điều 9",
			VI: "Cơ sở dữ liệu “" + register + "” không trả lời. Thử lại sau, hoặc nhận bản giấy và ghi “đạt”.",
			EN: "The register “" + register + "” does not answer. Try again later, or take the paper and find it sufficient."})
	default:
		check.Text = dossier.Typed(register + " " + answer.AsOf.UTC().Format(time.RFC3339) + "\n" + string(answer.Record))
	}
	return k.x.Do(ctx, by.Actor, id, e, check)
}

// register names the one in which a part of the dossier is found.
func (k *Persons) register(ctx context.Context, s dossier.State, component dossier.Code) (string, error) {
	v, err := k.x.ruled(ctx, s, dossier.CheckComponent{})
	if err != nil {
		return "", err
	}
	if v != nil {
		for _, c := range v.Components {
			if c.Code == string(component) && c.Kind == procedure.DataLookup && c.Lookup != "" {
				return c.Lookup, nil
			}
		}
	}
	return "", &domain.Invalid{Code: "not_looked_up", Field: "component",
		VI: "Thủ tục không nói tra cứu thành phần này ở cơ sở dữ liệu nào. Kiểm tra bản giấy (check-component).",
		EN: "The procedure names no register in which this part is found. Check the paper (check-component)."}
}

// numberOf reads under which number the applicant is known, which is a reading of personal data like any other.
func (k *Persons) numberOf(ctx context.Context, by Accessor, applicant string) (string, error) {
	id := PersonStream(applicant)
	if err := k.x.o.Access.Record(ctx, by, access.PersonsRead{Persons: []uuid.UUID{id}, Purpose: "look-up"}); err != nil {
		return "", fmt.Errorf("record the reading: %w", err)
	}
	known, err := k.x.o.Vault.Persons(ctx, []uuid.UUID{id})
	if err != nil {
		return "", err
	}
	p := known[id]
	if p.TaxCode != "" {
		return p.TaxCode, nil
	}
	if p.IDNumber != "" {
		return p.IDNumber, nil
	}
	return "", &domain.Refusal{Code: "number_unknown", Field: "applicant",
		VI: "Kho không có số định danh hay mã số thuế của người nộp: đăng ký hoặc đính chính trước (dossier person register, correct).",
		EN: "The vault has no identification or tax number of the applicant: register or correct it first (dossier person register, correct)."}
}
