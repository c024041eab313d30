package dossier

// Delivery is a dimension of its own: how the applicant wants the result, whether it is under way, and whether it came back. The hand-over
// itself is ReturnResult.

// DeliveryStatus is where the result is on its way.
type DeliveryStatus string

// The ways of a result.
const (
	DeliveryChosen DeliveryStatus = "chosen"
	DeliverySent   DeliveryStatus = "sent"
	DeliveryFailed DeliveryStatus = "failed"
	Delivered      DeliveryStatus = "delivered"
)

func (DeliveryStatus) values() []string { return []string{"chosen", "sent", "failed", "delivered"} }

// DeliveryFailure is why a result came back.
type DeliveryFailure string

func (DeliveryFailure) values() []string {
	return []string{"not_met", "wrong_address", "refused", "lost"}
}

// ChooseDelivery says how the applicant wants the result.
type ChooseDelivery struct {
	Way Channel `json:"way"`
}

// SendResult gives the result to the post.
type SendResult struct {
	Slip Code `json:"slip,omitempty"` // the post's number
}

// FailDelivery says that a result that was sent came back.
type FailDelivery struct {
	Reason DeliveryFailure `json:"reason"`
	Text   Text            `json:"text,omitzero"`
}

// DeliveryWayChosen says how the applicant wants the result.
type DeliveryWayChosen struct {
	Way Channel `json:"way"`
	Of
}

// ResultSent gives the result to the post.
type ResultSent struct {
	Slip Code `json:"slip,omitempty"`
	Of
}

// DeliveryHasFailed says that the result came back.
type DeliveryHasFailed struct {
	Reason DeliveryFailure `json:"reason"`
	Text   Text            `json:"text,omitzero"`
	Of
}

// Delivery is how the result gets to the applicant.
type Delivery struct {
	Way    Channel         `json:"way,omitempty"`
	Status DeliveryStatus  `json:"status,omitempty"`
	Sent   Act             `json:"sent,omitzero"`
	Tries  int             `json:"tries,omitempty"`
	Reason DeliveryFailure `json:"reason,omitempty"`
}

func (c ChooseDelivery) already(q question) bool {
	return q.s.Delivery.Way == c.Way && q.s.Delivery.Status == DeliveryChosen
}

func (c SendResult) already(q question) bool {
	return q.s.Delivery.Status == DeliverySent && q.mine(q.s.Delivery.Sent)
}

func (c FailDelivery) already(q question) bool {
	return q.s.Delivery.Status == DeliveryFailed && q.s.Delivery.Reason == c.Reason
}

func (c ChooseDelivery) facts(q question) []Event { return []Event{DeliveryWayChosen{c.Way, q.of()}} }
func (c SendResult) facts(q question) []Event     { return []Event{ResultSent{c.Slip, q.of()}} }
func (c FailDelivery) facts(q question) []Event {
	return []Event{DeliveryHasFailed{c.Reason, c.Text, q.of()}}
}

func (e DeliveryWayChosen) evolve(s State, _ Act) State {
	s.Delivery.Way, s.Delivery.Status, s.Delivery.Reason = e.Way, DeliveryChosen, ""
	return s
}

func (e ResultSent) evolve(s State, act Act) State {
	s.Delivery.Status, s.Delivery.Sent, s.Delivery.Reason = DeliverySent, act, ""
	s.Delivery.Tries++
	return s
}

func (e DeliveryHasFailed) evolve(s State, _ Act) State {
	s.Delivery.Status, s.Delivery.Reason = DeliveryFailed, e.Reason
	return s
}

func (DeliveryWayChosen) beside() {}

func (ChooseDelivery) Name() string { return "ChooseDelivery" }
func (SendResult) Name() string     { return "SendResult" }
func (FailDelivery) Name() string   { return "FailDelivery" }

func (ChooseDelivery) command() {}
func (SendResult) command()     {}
func (FailDelivery) command()   {}

var deliveryGuards = []Guard{
	{Code: "already_sent", Whatever: true, On: []string{"SendResult", "ChooseDelivery"}, Basis: "NĐ 118/2025, Điều 22",
		broken: func(q question) bool { return q.s.Delivery.Status == DeliverySent },
		VI:     "Kết quả đang trên đường gửi. Ghi là đã trả, hoặc ghi là gửi không được rồi gửi lại.",
		EN:     "The result is already on its way. Record that it was handed over, or that it came back, then send it again."},
	{Code: "not_by_post", Live: true, Whatever: true, On: []string{"SendResult"}, Basis: "NĐ 118/2025, Điều 22",
		broken: func(q question) bool { w := q.s.Delivery.Way; return w != "" && w != Post },
		VI:     "Người nộp không chọn nhận qua bưu chính. Trả theo cách đã chọn, hoặc ghi lại cách nhận.",
		EN:     "The applicant did not choose the post. Return it in the way that was chosen, or choose another first."},
	{Code: "not_sent", Whatever: true, On: []string{"FailDelivery"}, Basis: "NĐ 118/2025, Điều 22",
		broken: func(q question) bool { return q.s.Delivery.Status != DeliverySent },
		VI:     "Chưa gửi kết quả nên không thể gửi không được. Gửi trước, rồi ghi kết quả gửi.",
		EN:     "Nothing was sent that could have come back. Send the result first."},
}
