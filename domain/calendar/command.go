package calendar

// A Command is a wish about a calendar. The set is closed.
type Command interface{ command() }

// Open begins a calendar.
type Open struct {
	Code string
	Zone string // "Asia/Ho_Chi_Minh"
}

// SetHours sets working hours from a day on.
type SetHours struct {
	Agency string // empty: all agencies that have none of their own
	From   Date
	Week   Week
	Basis  string
}

// PublishYear publishes a whole year, or publishes it anew.
type PublishYear struct {
	Year   int
	Status Status
	Basis  string
	Days   []Day
}

func (Open) command()        {}
func (SetHours) command()    {}
func (PublishYear) command() {}
