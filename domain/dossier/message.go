package dossier

import (
	"slices"
	"time"
)

// Messages go between the authority and the applicant, notes stay inside. The words are in the vault; the facts say that there were some,
// about what, and whether an answer is awaited. A message never moves a dossier and never changes the clock, and it may not ask for a
// paper: that is a supplement, once and with a window.

// MessageTopic is what a message is about.
type MessageTopic string

// PaperByMessage is the topic that is always refused.
const PaperByMessage MessageTopic = "paper_needed"

func (MessageTopic) values() []string {
	return []string{"question", "information", "invitation", "reminder", "paper_needed"}
}

// SendMessage writes to the other side.
type SendMessage struct {
	Topic    MessageTopic `json:"topic"`
	AnswerBy time.Time    `json:"answer_by,omitzero"` // without it no answer is awaited
	Text     Text         `json:"text,omitzero"`
	Files    []Code       `json:"files,omitempty"` // ids of files attached to the dossier
}

// AnswerMessage answers the message of that number.
type AnswerMessage struct {
	Number int    `json:"number" range:"1-9999"`
	Text   Text   `json:"text,omitzero"`
	Files  []Code `json:"files,omitempty"`
}

// Enclosure is a file that goes with a message: which one, and the commitment to its content.
type Enclosure struct {
	File       Ref  `json:"file"`
	Commitment Code `json:"commitment,omitempty"`
}

// AddNote notes something that only the authority sees.
type AddNote struct {
	Topic Code `json:"topic"`
	Text  Text `json:"text,omitzero"`
}

// MessageSent writes to the other side. Numbers count from 1 within the dossier, answers included.
type MessageSent struct {
	Number   int          `json:"number"`
	Topic    MessageTopic `json:"topic"`
	AnswerBy time.Time    `json:"answer_by,omitzero"`
	Text     Text         `json:"text,omitzero"`
	Files    []Enclosure  `json:"files,omitempty"`
	Of
}

// MessageAnswered answers a message.
type MessageAnswered struct {
	Number  int         `json:"number"`
	Answers int         `json:"answers"`
	Late    bool        `json:"late,omitempty"`
	Text    Text        `json:"text,omitzero"`
	Files   []Enclosure `json:"files,omitempty"`
	Of
}

// NoteAdded notes something for the authority alone.
type NoteAdded struct {
	Number int  `json:"number"`
	Topic  Code `json:"topic"`
	Text   Text `json:"text,omitzero"`
	Of
}

// Messages says how many there were. Only those that await an answer are kept one by one, so the state does not grow with the talk.
type Messages struct {
	Count int       `json:"count,omitempty"`
	Notes int       `json:"notes,omitempty"`
	Open  []Message `json:"open,omitempty"`
	Last  Act       `json:"last,omitzero"`
}

// Message is one that awaits its answer.
type Message struct {
	Number   int          `json:"number"`
	Topic    MessageTopic `json:"topic"`
	By       string       `json:"by"`
	SentAt   time.Time    `json:"sent_at"`
	AnswerBy time.Time    `json:"answer_by"`
}

func (q question) message() (Message, bool) {
	number := q.c.(AnswerMessage).Number
	at := slices.IndexFunc(q.s.Messages.Open, func(m Message) bool { return m.Number == number })
	if at < 0 {
		return Message{}, false
	}
	return q.s.Messages.Open[at], true
}

// Like a step, a message may be sent twice: repeats of one wish carry one command id, and the journal knows it.

func (SendMessage) already(question) bool   { return false }
func (AnswerMessage) already(question) bool { return false }
func (AddNote) already(question) bool       { return false }

func (c SendMessage) facts(q question) []Event {
	return []Event{MessageSent{q.s.Messages.Count + 1, c.Topic, instant(c.AnswerBy), c.Text, q.s.enclosing(c.Files), q.of()}}
}

func (c AnswerMessage) facts(q question) []Event {
	return []Event{MessageAnswered{q.s.Messages.Count + 1, c.Number, q.late, c.Text, q.s.enclosing(c.Files), q.of()}}
}

func (c AddNote) facts(q question) []Event {
	return []Event{NoteAdded{q.s.Messages.Notes + 1, c.Topic, c.Text, q.of()}}
}

func (e MessageSent) evolve(s State, act Act) State {
	s.Messages.Count, s.Messages.Last, s.Files = e.Number, act, sentWith(s.Files, e.Number, e.Files)
	if !e.AnswerBy.IsZero() {
		s.Messages.Open = append(slices.Clone(s.Messages.Open), Message{e.Number, e.Topic, act.By, act.At, instant(e.AnswerBy)})
	}
	return s
}

func (e MessageAnswered) evolve(s State, act Act) State {
	s.Messages.Count, s.Messages.Last, s.Files = e.Number, act, sentWith(s.Files, e.Number, e.Files)
	s.Messages.Open = left(s.Messages.Open, func(m Message) bool { return m.Number == e.Answers })
	return s
}

// enclosing says of each file what it is held to.
func (s State) enclosing(files []Code) (list []Enclosure) {
	for _, id := range files {
		e := Enclosure{File: Ref(id)}
		if at := slices.IndexFunc(s.Files, func(f File) bool { return f.File == string(id) }); at >= 0 {
			e.Commitment = Code(s.Files[at].Commitment)
		}
		list = append(list, e)
	}
	return list
}

// sentWith notes by which message files were last sent.
func sentWith(have []File, message int, files []Enclosure) []File {
	if len(files) == 0 {
		return have
	}
	have = slices.Clone(have)
	for i := range have {
		if slices.ContainsFunc(files, func(e Enclosure) bool { return string(e.File) == have[i].File }) {
			have[i].Message = message
		}
	}
	return have
}

// enclosed is how many files went with a message.
func enclosed(files []File) (n int) {
	for _, f := range files {
		if f.Message > 0 {
			n++
		}
	}
	return n
}

// unattached lists the files of a message that the dossier does not have.
func (q question) unattached() []string {
	var files []Code
	switch c := q.c.(type) {
	case SendMessage:
		files = c.Files
	case AnswerMessage:
		files = c.Files
	}
	return left(plain(files), func(id string) bool {
		return slices.ContainsFunc(q.s.Files, func(f File) bool { return f.File == id })
	})
}

func (e NoteAdded) evolve(s State, _ Act) State { s.Messages.Notes = e.Number; return s }

func (MessageSent) beside()     {}
func (MessageAnswered) beside() {}
func (NoteAdded) beside()       {}

func (SendMessage) Name() string   { return "SendMessage" }
func (AnswerMessage) Name() string { return "AnswerMessage" }
func (AddNote) Name() string       { return "AddNote" }

func (SendMessage) command()   {}
func (AnswerMessage) command() {}
func (AddNote) command()       {}

// awaited is how many messages may wait for an answer at one time.
const awaited = 20

var messageGuards = []Guard{
	{Code: "paper_by_message", Live: true, On: []string{"SendMessage"}, Field: "topic", Basis: "NĐ 118/2025, Điều 6 và 19.5",
		broken: func(q question) bool { return q.c.(SendMessage).Topic == PaperByMessage },
		VI:     "Không đòi giấy tờ qua tin nhắn. Dùng “Yêu cầu bổ sung”: một lần, đủ các mục, có thời hạn cho người nộp.",
		EN:     "A paper is not asked for by message. Use “Request a supplement”: once, for everything, with a window for the applicant."},
	{Code: "file_not_attached", On: []string{"SendMessage", "AnswerMessage"}, Field: "files",
		broken: func(q question) bool { return len(q.unattached()) > 0 },
		VI:     "Tệp “{unattached}” chưa thuộc hồ sơ này. Gửi tệp vào hồ sơ (dossier file add, POST …/files) và chờ quét xong, rồi gửi tin nhắn.",
		EN:     "The file “{unattached}” does not belong to this dossier. Upload it to the dossier (dossier file add, POST …/files), wait until it was scanned, then send the message."},
	{Code: "answer_in_past", On: []string{"SendMessage"}, Field: "answer_by",
		broken: func(q question) bool { by := q.c.(SendMessage).AnswerBy; return !by.IsZero() && !by.After(q.at) },
		VI:     "Thời hạn trả lời phải sau lúc gửi ({at}). Ghi một thời điểm sau đó, hoặc bỏ trống.",
		EN:     "The answer must be due after the message ({at}). Give a later time, or leave it out."},
	{Code: "too_many_open", On: []string{"SendMessage"}, Field: "answer_by",
		broken: func(q question) bool {
			return !q.c.(SendMessage).AnswerBy.IsZero() && len(q.s.Messages.Open) >= awaited
		},
		VI: "Đã có 20 tin nhắn chờ trả lời. Chờ trả lời, hoặc gửi tin không cần trả lời.",
		EN: "20 messages await an answer already. Wait for answers, or send one that needs none."},
	{Code: "no_open_message", Whatever: true, On: []string{"AnswerMessage"}, Field: "number",
		broken: func(q question) bool {
			if q.offered() {
				return len(q.s.Messages.Open) == 0
			}
			_, known := q.message()
			return !known
		},
		VI: "Không có tin nhắn nào đang chờ trả lời mang số này. Gửi tin nhắn mới nếu cần.",
		EN: "No message with this number awaits an answer. Send a new message if there is more to say."},
	{Code: "own_message", Live: true, On: []string{"AnswerMessage"}, Field: "number",
		broken: func(q question) bool { m, _ := q.message(); return m.By == q.x.Actor.Account },
		VI:     "Người gửi không tự trả lời tin nhắn của mình. Chờ bên kia trả lời, hoặc gửi tin nhắn mới.",
		EN:     "Nobody answers a message of their own. Wait for the other side, or send another message."},
	{Code: "answer_late", Soft: true, On: []string{"AnswerMessage"},
		broken: func(q question) bool { m, known := q.message(); return known && q.at.After(m.AnswerBy) },
		VI:     "Trả lời sau thời hạn. Vẫn ghi nhận; việc này được đánh dấu muộn.",
		EN:     "The answer comes after its time. It is recorded and marked late."},
}
