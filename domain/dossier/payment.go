package dossier

import (
	"slices"
	"time"
)

// Money is a dimension of its own: a fee may be due at reception, with a supplement, during processing or at the return, as the state
// says. Only what is due during processing holds the dossier (awaiting_payment) and its clock. Amounts are whole đồng.

// PaymentStage is when a fee is due.
type PaymentStage string

// The stages follow from the state in which payment is asked for.
const (
	PayAtReception  PaymentStage = "reception"
	PaySupplement   PaymentStage = "supplement"
	PayInProcessing PaymentStage = "processing"
	PayAtReturn     PaymentStage = "return"
)

func (PaymentStage) values() []string {
	return []string{"reception", "supplement", "processing", "return"}
}

// PaymentMethod is how money came.
type PaymentMethod string

func (PaymentMethod) values() []string { return []string{"cash", "transfer", "online"} }

// PaymentReason is why a fee is not, or no longer, owed.
type PaymentReason string

func (PaymentReason) values() []string {
	return []string{"exempt", "reduced", "wrong_amount", "paid_twice", "not_provided"}
}

// RequestPayment tells the applicant what is owed, as the fee table has it. An amount that is not the table's says why in its text.
type RequestPayment struct {
	Amount     int    `json:"amount" range:"1-100000000000"` // đồng
	Fees       []Code `json:"fees,omitempty"`                // of the fee table
	WindowDays int    `json:"window_days,omitempty" range:"1-365"`
	Text       Text   `json:"text,omitzero"`
}

// ConfirmPayment finds that the money has come.
type ConfirmPayment struct {
	Number  int           `json:"number" range:"1-99"`
	Amount  int           `json:"amount" range:"1-100000000000"`
	Method  PaymentMethod `json:"method"`
	Receipt Code          `json:"receipt,omitempty"` // the number in the receipt book
}

// CancelPayment takes a notice back: nothing is owed.
type CancelPayment struct {
	Number int           `json:"number" range:"1-99"`
	Reason PaymentReason `json:"reason"`
	Text   Text          `json:"text,omitzero"`
}

// RefundPayment gives money back.
type RefundPayment struct {
	Number int           `json:"number" range:"1-99"`
	Amount int           `json:"amount" range:"1-100000000000"`
	Reason PaymentReason `json:"reason"`
	Text   Text          `json:"text,omitzero"`
}

// ExpirePayment confirms that the window has passed without payment: the dossier is stopped.
type ExpirePayment struct{}

// PaymentRequested tells what is owed and by when.
type PaymentRequested struct {
	Number     int          `json:"number"`
	Stage      PaymentStage `json:"stage"`
	Amount     int          `json:"amount" range:"1-100000000000"`
	Fees       []Code       `json:"fees,omitempty"`
	WindowDays int          `json:"window_days"`
	Text       Text         `json:"text,omitzero"`
	OutOfFlow  bool         `json:"out_of_flow,omitempty"` // not the fee table's amount
	Of
}

// PaymentConfirmed says that the money has come.
type PaymentConfirmed struct {
	Number  int           `json:"number"`
	Amount  int           `json:"amount" range:"1-100000000000"`
	Method  PaymentMethod `json:"method"`
	Receipt Code          `json:"receipt,omitempty"`
	Late    bool          `json:"late,omitempty"`
	Of
}

// PaymentCancelled says that nothing is owed.
type PaymentCancelled struct {
	Number int           `json:"number"`
	Reason PaymentReason `json:"reason"`
	Text   Text          `json:"text,omitzero"`
	Of
}

// PaymentRefunded gives money back.
type PaymentRefunded struct {
	Number int           `json:"number"`
	Amount int           `json:"amount" range:"1-100000000000"`
	Reason PaymentReason `json:"reason"`
	Text   Text          `json:"text,omitzero"`
	Of
}

// PaymentWindowExpired says that the window passed without payment.
type PaymentWindowExpired struct {
	Number int `json:"number"`
	Of
}

// Payment is one notice and what became of it.
type Payment struct {
	Number      int           `json:"number"`
	Stage       PaymentStage  `json:"stage"`
	Amount      int           `json:"amount"`
	RequestedAt time.Time     `json:"requested_at"`
	Until       time.Time     `json:"until"` // the window's last instant
	PaidAt      time.Time     `json:"paid_at,omitzero"`
	Method      PaymentMethod `json:"method,omitempty"`
	Late        bool          `json:"late,omitempty"`
	Cancelled   PaymentReason `json:"cancelled,omitempty"`
	Expired     bool          `json:"expired,omitempty"`
	Refunded    int           `json:"refunded,omitempty"`
}

// Owed says whether the money is still awaited.
func (p Payment) Owed() bool { return p.PaidAt.IsZero() && p.Cancelled == "" && !p.Expired }

// OwedPayments returns what is still to be paid, the oldest first.
func (s State) OwedPayments() []Payment {
	return slices.DeleteFunc(slices.Clone(s.Payments), func(p Payment) bool { return !p.Owed() })
}

// owes says whether something due at one of these stages is not paid.
func (s State) owes(stages ...PaymentStage) bool {
	return slices.ContainsFunc(s.Payments, func(p Payment) bool { return p.Owed() && has(stages, p.Stage) })
}

// paying is the payment that a command is about.
func (q question) paying() (Payment, bool) {
	number := 0
	switch c := q.c.(type) {
	case ConfirmPayment:
		number = c.Number
	case CancelPayment:
		number = c.Number
	case RefundPayment:
		number = c.Number
	case ExpirePayment:
		at := slices.IndexFunc(q.s.Payments, func(p Payment) bool { return p.Owed() && p.Stage == PayInProcessing })
		number = at + 1
	}
	at := slices.IndexFunc(q.s.Payments, func(p Payment) bool { return p.Number == number })
	if at < 0 {
		return Payment{}, false
	}
	return q.s.Payments[at], true
}

// payStage follows from the state, as that of a supplement does.
func (q question) payStage() PaymentStage {
	switch q.s.Status {
	case Submitted, SupplementAtReception:
		return PayAtReception
	case SupplementRequestedStatus:
		return PaySupplement
	case Appraising, PendingApproval:
		return PayInProcessing
	}
	return PayAtReturn
}

// payDays is the window of a fee notice where none is given (policy).
const payDays = 15

func (c RequestPayment) days() int {
	if c.WindowDays > 0 {
		return c.WindowDays
	}
	return payDays
}

func (c RequestPayment) already(q question) bool {
	return slices.ContainsFunc(q.s.Payments, func(p Payment) bool {
		return p.Owed() && p.Amount == c.Amount && (p.Stage == q.payStage() || p.Stage == PayInProcessing) && p.Until.Equal(endOfDay(p.RequestedAt, c.days()))
	})
}

func (c RequestPayment) facts(q question) []Event {
	asked := PaymentRequested{len(q.s.Payments) + 1, q.payStage(), c.Amount, c.Fees, c.days(), c.Text, q.outOfFlow, q.of()}
	if asked.Stage == PayInProcessing {
		return []Event{asked, ClockStopped{AwaitingPaymentStop, q.of()}}
	}
	return []Event{asked}
}

func (c ConfirmPayment) already(q question) bool {
	p, known := q.paying()
	return known && !p.PaidAt.IsZero() && p.Amount == c.Amount && p.Method == c.Method
}

func (c ConfirmPayment) facts(q question) []Event {
	return append([]Event{PaymentConfirmed{c.Number, c.Amount, c.Method, c.Receipt, q.late, q.of()}}, q.paidUp(c.Number)...)
}

func (c CancelPayment) already(q question) bool {
	p, known := q.paying()
	return known && p.Cancelled == c.Reason
}

func (c CancelPayment) facts(q question) []Event {
	return append([]Event{PaymentCancelled{c.Number, c.Reason, c.Text, q.of()}}, q.paidUp(c.Number)...)
}

// paidUp lets the clock go on once nothing is owed that holds the dossier.
func (q question) paidUp(number int) []Event {
	p, _ := q.paying()
	if q.s.Status != AwaitingPayment || p.Stage != PayInProcessing {
		return nil
	}
	return []Event{ClockResumed{Reason: AwaitingPaymentStop, OldDue: q.s.Due, Term: q.onward(), Of: q.of()}}
}

func (c RefundPayment) already(q question) bool {
	p, known := q.paying()
	return known && p.Refunded == c.Amount
}

func (c RefundPayment) facts(q question) []Event {
	return []Event{PaymentRefunded{c.Number, c.Amount, c.Reason, c.Text, q.of()}}
}

func (c ExpirePayment) already(q question) bool {
	return q.mine(q.s.Stopped) && q.s.StoppedReason == PaymentExpired
}

func (c ExpirePayment) facts(q question) []Event {
	p, _ := q.paying()
	return []Event{PaymentWindowExpired{p.Number, q.of()}, DossierStopped{Reason: PaymentExpired, Of: q.of()}}
}

func (e PaymentRequested) evolve(s State, act Act) State {
	if e.Stage == PayInProcessing && s.Status != AwaitingPayment {
		s.Status, s.BackTo = AwaitingPayment, s.Status
	}
	s.Payments = append(slices.Clone(s.Payments), Payment{
		Number: e.Number, Stage: e.Stage, Amount: e.Amount, RequestedAt: act.At, Until: endOfDay(act.At, e.WindowDays),
	})
	return s
}

func (e PaymentConfirmed) evolve(s State, act Act) State {
	return s.paid(e.Number, func(p *Payment) { p.PaidAt, p.Method, p.Late = act.At, e.Method, e.Late })
}

func (e PaymentCancelled) evolve(s State, _ Act) State {
	return s.paid(e.Number, func(p *Payment) { p.Cancelled = e.Reason })
}

func (e PaymentWindowExpired) evolve(s State, _ Act) State {
	return s.paid(e.Number, func(p *Payment) { p.Expired = true })
}

func (e PaymentRefunded) evolve(s State, _ Act) State {
	return s.paid(e.Number, func(p *Payment) { p.Refunded = e.Amount })
}

func (PaymentRefunded) beside() {}

// paid notes what became of a notice; once nothing holds the dossier it goes on where it was.
func (s State) paid(number int, change func(*Payment)) State {
	s.Payments = slices.Clone(s.Payments)
	for i := range s.Payments {
		if s.Payments[i].Number == number {
			change(&s.Payments[i])
		}
	}
	switch {
	case s.owes(PayInProcessing):
	case s.Status == AwaitingPayment:
		s.Status, s.BackTo = s.BackTo, None
	case s.StoodAt == AwaitingPayment: // a withdrawal is being thought over
		s.StoodAt, s.BackTo = s.BackTo, None
	}
	return s
}

func (RequestPayment) Name() string { return "RequestPayment" }
func (ConfirmPayment) Name() string { return "ConfirmPayment" }
func (CancelPayment) Name() string  { return "CancelPayment" }
func (RefundPayment) Name() string  { return "RefundPayment" }
func (ExpirePayment) Name() string  { return "ExpirePayment" }

func (RequestPayment) command() {}
func (ConfirmPayment) command() {}
func (CancelPayment) command()  {}
func (RefundPayment) command()  {}
func (ExpirePayment) command()  {}

var paymentGuards = []Guard{
	{Code: "payment_open", Whatever: true, On: []string{"RequestPayment"}, Basis: "NĐ 118/2025, Điều 24",
		broken: func(q question) bool { return q.s.owes(q.payStage()) },
		VI:     "Đã có một khoản phải nộp chưa thu ở bước này: {owed_payments}. Thu hoặc hủy khoản đó trước.",
		EN:     "Something is already owed at this stage: {owed_payments}. Have it paid or cancel it first."},
	{Code: "fee_reason_missing", Live: true, On: []string{"RequestPayment"}, Field: "text", Basis: "NĐ 118/2025, Điều 24",
		broken: func(q question) bool { return q.besideTable() && q.c.(RequestPayment).Text == (Text{}) },
		VI:     "Chưa gửi được: theo biểu phí hồ sơ này phải nộp {table_fee}. Ghi số tiền đó, ghi khoản phí, hoặc ghi lý do thu khác biểu phí.",
		EN:     "Not sent: by the fee table this dossier owes {table_fee}. Give that amount, name the fees, or say why it is another amount."},
	{Code: "fee_beside_table", Soft: true, OutOfFlow: true, Live: true, On: []string{"RequestPayment"}, Field: "amount", Basis: "NĐ 118/2025, Điều 24",
		broken: question.besideTable,
		VI:     "Số tiền khác biểu phí ({table_fee}). Vẫn gửi được vì có lý do; việc này được đánh dấu ngoài trình tự.",
		EN:     "The amount is not the fee table's ({table_fee}). It is sent, for the reason given, and marked out of flow."},
	{Code: "no_open_payment", Whatever: true, On: []string{"ConfirmPayment", "CancelPayment"}, Field: "number", Basis: "NĐ 118/2025, Điều 24",
		broken: func(q question) bool {
			if q.offered() {
				return !slices.ContainsFunc(q.s.Payments, Payment.Owed)
			}
			p, known := q.paying()
			return !known || !p.Owed()
		},
		VI: "Không có khoản nào đang chờ nộp mang số này. Đang chờ nộp: {owed_payments}.",
		EN: "Nothing is owed under this number. Owed: {owed_payments}."},
	{Code: "wrong_amount", On: []string{"ConfirmPayment"}, Field: "amount", Basis: "NĐ 118/2025, Điều 24",
		broken: func(q question) bool { p, known := q.paying(); return known && p.Amount != q.c.(ConfirmPayment).Amount },
		VI:     "Số tiền khác với khoản phải nộp: {owed_payments}. Hoàn lại, rồi thu đúng số tiền; hoặc hủy thông báo sai và lập lại.",
		EN:     "The amount is not what is owed: {owed_payments}. Give it back and take the right amount; or cancel the wrong notice and make another."},
	{Code: "nothing_to_refund", Whatever: true, On: []string{"RefundPayment"}, Field: "number", Basis: "NĐ 118/2025, Điều 21 và 24",
		broken: func(q question) bool {
			if q.offered() {
				return !slices.ContainsFunc(q.s.Payments, func(p Payment) bool { return !p.PaidAt.IsZero() && p.Refunded == 0 })
			}
			p, known := q.paying()
			return !known || p.PaidAt.IsZero() || q.c.(RefundPayment).Amount > p.Amount || p.Refunded > 0
		},
		VI: "Không hoàn được: khoản này chưa nộp, đã hoàn, hoặc số tiền lớn hơn đã nộp. Kiểm tra lại số của khoản nộp.",
		EN: "It cannot be refunded: this was not paid, was given back, or is less than the amount. Look at the payment's number again."},
	{Code: "window_not_over", Live: true, Whatever: true, On: []string{"ExpirePayment"}, Basis: "NĐ 118/2025, Điều 24",
		broken: func(q question) bool {
			at := slices.IndexFunc(q.s.Payments, func(p Payment) bool { return p.Owed() && p.Stage == PayInProcessing })
			return !q.x.Now.IsZero() && at >= 0 && !q.at.After(q.s.Payments[at].Until)
		},
		VI: "Chưa xác nhận hết hạn nộp được: người nộp còn thời gian. Chờ hết hạn.",
		EN: "The window to pay is not over. Wait until then."},
	{Code: "payment_after_window", Soft: true, On: []string{"ConfirmPayment"}, Basis: "NĐ 118/2025, Điều 24",
		broken: func(q question) bool { p, known := q.paying(); return known && q.at.After(p.Until) },
		VI:     "Tiền đến sau hạn nộp. Vẫn ghi nhận; việc này được đánh dấu muộn.",
		EN:     "The money came after the window. It is recorded and marked late."},
	{Code: "fee_unpaid", Live: true, Whatever: true, On: []string{"AcceptDossier", "ResolveAtOnce"}, Basis: "NĐ 118/2025, Điều 24",
		broken: func(q question) bool { return q.s.owes(PayAtReception) },
		VI:     "Chưa tiếp nhận được: phí, lệ phí phải nộp khi tiếp nhận còn chưa thu ({owed_payments}). Thu, hoặc hủy thông báo nếu được miễn.",
		EN:     "It cannot be accepted: what is due at reception is not paid ({owed_payments}). Have it paid, or cancel the notice if exempt."},
	{Code: "fee_unpaid", Live: true, Whatever: true, On: []string{"AcceptSupplement"}, Basis: "NĐ 118/2025, Điều 24",
		broken: func(q question) bool { return q.s.owes(PaySupplement) },
		VI:     "Chưa nhận phần bổ sung được: phí, lệ phí kèm theo còn chưa thu ({owed_payments}). Thu, hoặc hủy thông báo nếu được miễn.",
		EN:     "The supplement cannot be accepted: what is due with it is not paid ({owed_payments}). Have it paid, or cancel the notice if exempt."},
	{Code: "fee_unpaid", Live: true, Whatever: true, On: []string{"ReturnResult", "SendResult"}, Basis: "NĐ 118/2025, Điều 22 và 24",
		broken: func(q question) bool { return q.s.owes(PayAtReturn) },
		VI:     "Chưa trả kết quả được: phí, lệ phí phải nộp khi trả còn chưa thu ({owed_payments}). Thu, hoặc hủy thông báo nếu được miễn.",
		EN:     "The result cannot be returned: what is due at the return is not paid ({owed_payments}). Have it paid, or cancel the notice if exempt."},
}
