package calendar

// An Event is a fact of a calendar. The set is closed.
type Event interface{ event() }

// Opened is the first fact: the calendar's code and the zone its days are in.
type Opened struct {
	Code string `json:"code"`
	Zone string `json:"zone"`
}

// HoursSet gives an agency, or with an empty Agency all that have none of their own, working hours from a day on.
type HoursSet struct {
	Agency string `json:"agency,omitempty"`
	From   Date   `json:"from"`
	Week   Week   `json:"week"`
	Basis  string `json:"basis"`
}

// YearPublished says how a whole year differs from the week. A later one for the same year takes the place of the earlier.
type YearPublished struct {
	Year   int    `json:"year"`
	Status Status `json:"status"`
	Basis  string `json:"basis"`
	Days   []Day  `json:"days"`
}

func (Opened) event()        {}
func (HoursSet) event()      {}
func (YearPublished) event() {}

// Status says whether a year's days are fixed by a notice or only expected.
type Status string

// A provisional year is counted over, and every date that rests on it says so.
const (
	Official    Status = "official"
	Provisional Status = "provisional"
)

// Kind is how a day differs from its week (Labour Code, Articles 111.3 and 112; yearly notices).
type Kind string

// The kinds. Only MakeUpWorking makes a day of rest a working day.
const (
	Holiday         Kind = "holiday"          // ngày lễ, tết
	CompensatoryOff Kind = "compensatory_off" // nghỉ bù for a holiday on a weekly day of rest
	SwappedOff      Kind = "swapped_off"      // hoán đổi: off, made up on another day
	MakeUpWorking   Kind = "make_up_working"  // làm bù
)

// Certainty is how sure a day is.
type Certainty string

// What rests on memory is assumed, and whatever was counted over it says so.
const (
	FromText      Certainty = "text"      // read in the law or notice itself
	FromSecondary Certainty = "secondary" // one press, portal or computed source
	FromMemory    Certainty = "memory"    // not confirmed by any source
)

// Day is one day that differs from its week.
type Day struct {
	Date      Date      `json:"date"`
	Kind      Kind      `json:"kind"`
	Name      string    `json:"name"` // of what is celebrated or swapped, as a code: "tet"
	Certainty Certainty `json:"certainty"`
}

// Week is the working hours of each weekday, Sunday first as in time.Weekday; a day without hours is a day of rest.
type Week [7]Spans

// Spans are the working hours of a day in order, without overlap.
type Spans []Span

// Span is working time within a day, from the first minute up to and without the last.
type Span struct {
	From Clock `json:"from"`
	To   Clock `json:"to"`
}
