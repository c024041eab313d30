package person

import (
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
)

// What a person asks of its own data is a small dossier with a clock of its own: an answer within two working days; done within fifteen days of
// asking, once extended by at most fifteen (Law 91/2025; Decree 356/2025).

// Wish is what is asked.
type Wish string

// The wishes.
const (
	Copy            Wish = "copy"
	Correction      Wish = "correct"
	Erasure         Wish = "erase"
	Restriction     Wish = "restrict"
	Objection       Wish = "object"
	WithdrawConsent Wish = "withdraw-consent"
)

// Wishes lists them.
func Wishes() []Wish {
	return []Wish{Copy, Correction, Erasure, Restriction, Objection, WithdrawConsent}
}

// Answer is what a person is told.
type Answer string

// The answers.
const (
	GrantedAnswer Answer = "granted"
	RefusedAnswer Answer = "refused"
)

// RequestReceived opens a request.
type RequestReceived struct {
	Number   int       `json:"number"`
	Wish     Wish      `json:"wish"`
	AnswerBy time.Time `json:"answer_by"`
	DoneBy   time.Time `json:"done_by"`
	Assumed  bool      `json:"assumed,omitempty"` // the fifteen days are said of restriction, objection and consent only
}

// RequestAnswered tells the person what is done, or on what ground it is not.
type RequestAnswered struct {
	Number int          `json:"number"`
	Answer Answer       `json:"answer"`
	Basis  dossier.Code `json:"basis,omitempty"` // of a refusal: the article
	Late   bool         `json:"late,omitempty"`
}

// RequestExtended moves the time by which it is done, once.
type RequestExtended struct {
	Number int          `json:"number"`
	DoneBy time.Time    `json:"done_by"`
	Reason dossier.Code `json:"reason"`
}

// RequestDone ends a request that was granted.
type RequestDone struct {
	Number int  `json:"number"`
	Late   bool `json:"late,omitempty"`
}

func (RequestReceived) event() {}
func (RequestAnswered) event() {}
func (RequestExtended) event() {}
func (RequestDone) event()     {}

// Request is one that was received, and what became of it.
type Request struct {
	RequestReceived
	Answer   Answer       `json:"answer,omitempty"`
	Basis    dossier.Code `json:"basis,omitempty"`
	Extended bool         `json:"extended,omitempty"`
	Done     bool         `json:"done,omitempty"`
	Late     bool         `json:"late,omitempty"` // answered or done after its time
}

// Open says whether something is still to be done.
func (r Request) Open() bool { return !r.Done && r.Answer != RefusedAnswer }

// Overdue says whether the time of what is to be done next has passed.
func (r Request) Overdue(at time.Time) bool {
	return r.Open() && (r.Answer == "" && at.After(r.AnswerBy) || at.After(r.DoneBy))
}

func (p Person) request(number int) (Request, error) {
	if number < 1 || number > len(p.Requests) {
		return Request{}, refusal("no_such_request", "Người này không có yêu cầu mang số đó.", "This person has made no request of that number.")
	}
	return p.Requests[number-1], nil
}

// MostRequests is how many one person may make.
const MostRequests = 1000

func (p Person) mayAsk(e RequestReceived) error {
	if !slices.Contains(Wishes(), e.Wish) {
		return &domain.Invalid{Code: "not_in_list", Field: "wish", VI: "“wish” là copy, correct, erase, restrict, object hoặc withdraw-consent.", EN: "“wish” is copy, correct, erase, restrict, object or withdraw-consent."}
	}
	for _, r := range p.Requests {
		if r.Open() && r.Wish == e.Wish {
			return refusal("request_open", "Yêu cầu này đang được giải quyết.", "The same is being asked already and not answered yet.")
		}
	}
	if len(p.Requests) >= MostRequests {
		return refusal("too_many_requests", "Đã có quá nhiều yêu cầu.", "There are too many requests.")
	}
	return nil
}

func (p Person) mayAnswer(e RequestAnswered) error {
	r, err := p.request(e.Number)
	switch {
	case err != nil:
		return err
	case e.Answer != GrantedAnswer && e.Answer != RefusedAnswer:
		return &domain.Invalid{Code: "not_in_list", Field: "answer", VI: "“answer” là granted hoặc refused.", EN: "“answer” is granted or refused."}
	case r.Answer != "":
		return refusal("request_answered", "Yêu cầu này đã được trả lời.", "This request has been answered.")
	case e.Answer == RefusedAnswer && !e.Basis.Valid():
		return &domain.Invalid{Code: "missing", Field: "basis", VI: "Từ chối thì ghi căn cứ, ví dụ luat-91-2025.14.", EN: "A refusal names its ground, such as luat-91-2025.14."}
	}
	return nil
}

func (p Person) mayExtend(e RequestExtended) error {
	r, err := p.request(e.Number)
	switch {
	case err != nil:
		return err
	case !r.Open():
		return refusal("request_ended", "Yêu cầu này đã kết thúc.", "This request has ended.")
	case r.Extended:
		return refusal("second_extension", "Chỉ gia hạn một lần.", "It can be extended once only.")
	}
	return nil
}

func (p Person) mayFinish(e RequestDone) error {
	r, err := p.request(e.Number)
	switch {
	case err != nil:
		return err
	case r.Answer != GrantedAnswer:
		return refusal("request_not_granted", "Yêu cầu chưa được chấp nhận: trả lời trước.", "The request has not been granted: answer it first.")
	case r.Done:
		return refusal("request_ended", "Yêu cầu này đã kết thúc.", "This request has ended.")
	}
	return nil
}
