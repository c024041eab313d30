package money

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Book is a run of receipt numbers in the hand of an officer.
type Book struct {
	Version int64          `json:"version"`
	Agency  string         `json:"agency"`
	Series  string         `json:"series"`
	First   int            `json:"first"`
	Last    int            `json:"last"`
	Holder  string         `json:"holder"`
	Used    map[int]Use    `json:"used"`
	Void    map[int]string `json:"void"`
}

// Use is what a number was given out for, and how much of it was given back.
type Use struct {
	NumberUsed
	Repaid *NumberRepaid `json:"repaid,omitempty"`
}

// MostNumbers of one book.
const MostNumbers = 10_000

// Exists says whether the book was ever issued.
func (b Book) Exists() bool { return b.Version > 0 }

// Receipt names a number of the book: "BL26A-0000123".
func (b Book) Receipt(number int) string { return fmt.Sprintf("%s-%07d", b.Series, number) }

// Next is the first number beyond all that stand for something; 0 when the book is full.
func (b Book) Next() int {
	next := b.highest() + 1
	if next > b.Last {
		return 0
	}
	return next
}

func (b Book) highest() int {
	highest := b.First - 1
	for n := range b.Used {
		highest = max(highest, n)
	}
	for n := range b.Void {
		highest = max(highest, n)
	}
	return highest
}

// Gaps are the numbers that were passed over: neither used nor voided, below one that was.
func (b Book) Gaps() []int {
	gaps := []int{}
	for i := range b.highest() - b.First {
		n := b.First + i
		_, used := b.Used[n]
		_, void := b.Void[n]
		if !used && !void {
			gaps = append(gaps, n)
		}
	}
	return gaps
}

// Of is the number that stands for a payment and was not given back whole.
func (b Book) Of(f For) (number int, use Use, found bool) {
	for _, n := range slices.Sorted(maps.Keys(b.Used)) {
		if u := b.Used[n]; u.For == f && (u.Repaid == nil || u.Repaid.Amount < u.Amount) {
			return n, u, true
		}
	}
	return 0, Use{}, false
}

// IssueBook hands a new book to an officer.
type IssueBook struct{ BookIssued }

// HandBook gives the rest of a book to another officer.
type HandBook struct{ To string }

// UseNumber gives a number out; number 0 is the next.
type UseNumber struct{ NumberUsed }

// RepayNumber gives money back on a receipt.
type RepayNumber struct{ NumberRepaid }

// VoidNumber spoils a number that stands for nothing.
type VoidNumber struct{ NumberVoided }

var series = regexp.MustCompile(`^[A-Z][A-Z0-9]{0,15}$`)

// DecideBook answers a wish about a receipt book; one that is true already yields nothing.
func DecideBook(b Book, wish any) ([]Event, error) {
	if w, issues := wish.(IssueBook); issues {
		return b.issue(w.BookIssued)
	}
	if !b.Exists() {
		return nil, refused("no_receipt_book", "book", law, "Không có quyển biên lai ký hiệu này. Cấp quyển trước: dossier till book issue.", "There is no receipt book of this series. Issue it first: dossier till book issue.")
	}
	switch w := wish.(type) {
	case HandBook:
		if w.To == b.Holder || w.To == "" {
			return nil, nil
		}
		return []Event{BookHanded{w.To}}, nil
	case UseNumber:
		return b.use(w.NumberUsed)
	case RepayNumber:
		return b.repay(w.NumberRepaid)
	case VoidNumber:
		return b.void(w.NumberVoided)
	}
	return nil, fmt.Errorf("decide receipt book: %T is no wish", wish)
}

func (b Book) issue(w BookIssued) ([]Event, error) {
	switch {
	case !series.MatchString(w.Series):
		return nil, invalid("bad_series", "series", "Ký hiệu gồm chữ in và số, ví dụ BL26A.", "A series is of capitals and digits, such as BL26A.")
	case w.First < 1 || w.Last < w.First || w.Last-w.First >= MostNumbers || w.Last > 9_999_999:
		return nil, invalid("out_of_range", "last", "Quyển có từ 1 đến 10.000 số, số cuối không nhỏ hơn số đầu, nhiều nhất 7 chữ số.", "A book has 1 to 10,000 numbers, the last not below the first, of at most 7 digits.")
	case w.Holder == "":
		return nil, invalid("missing", "holder", "Ghi tài khoản cán bộ giữ quyển.", "Give the account of the officer who holds it.")
	case b.Exists() && b.First == w.First && b.Last == w.Last && b.Holder == w.Holder:
		return nil, nil
	case b.Exists():
		return nil, refused("book_issued", "series", law, "Ký hiệu này đã cấp rồi; chọn ký hiệu khác, hoặc chuyển quyển: dossier till book hand.", "This series was issued already; choose another, or hand it on: dossier till book hand.")
	}
	return []Event{w}, nil
}

func (b Book) use(w NumberUsed) ([]Event, error) {
	if err := checkAmount(w.Amount); err != nil {
		return nil, err
	}
	if _, u, found := b.Of(w.For); found {
		if u.Amount == w.Amount && u.Officer == w.Officer && (w.Number == 0 || u.Number == w.Number) {
			return nil, nil
		}
		return nil, refused("payment_has_receipt", "payment", law, "Khoản này đã có biên lai "+b.Receipt(u.Number)+". Không thu hai lần.", "This payment has the receipt "+b.Receipt(u.Number)+". It is not taken twice.")
	}
	if w.Number == 0 {
		w.Number = b.Next()
	}
	_, used := b.Used[w.Number]
	_, void := b.Void[w.Number]
	switch {
	case b.Holder != w.Officer:
		return nil, refused("not_your_book", "book", law, "Quyển biên lai này do “"+b.Holder+"” giữ. Dùng quyển của mình, hoặc nhận chuyển quyển.", "This book is in the hand of “"+b.Holder+"”. Use your own, or have it handed to you.")
	case w.Number == 0:
		return nil, refused("book_full", "book", law, "Quyển biên lai đã hết số. Nhận quyển mới.", "The book has no number left. Have a new one issued.")
	case w.Number < b.First || w.Number > b.Last:
		return nil, invalid("not_of_book", "number", fmt.Sprintf("Quyển này có số từ %d đến %d.", b.First, b.Last), fmt.Sprintf("This book has the numbers %d to %d.", b.First, b.Last))
	case used, void:
		return nil, refused("receipt_used", "number", law, "Số biên lai này đã dùng hoặc đã hủy. Dùng số kế tiếp.", "This receipt number was used or voided. Use the next.")
	}
	return []Event{w}, nil
}

func (b Book) repay(w NumberRepaid) ([]Event, error) {
	if err := first(checkAmount(w.Amount), checkReason(w.Reason)); err != nil {
		return nil, err
	}
	u, used := b.Used[w.Number]
	switch {
	case !used:
		return nil, refused("receipt_not_used", "number", law, "Số biên lai này chưa thu khoản nào.", "Nothing was taken against this receipt.")
	case u.Repaid != nil && u.Repaid.Amount == w.Amount && u.Repaid.Reason == w.Reason:
		return nil, nil
	case u.Repaid != nil:
		return nil, refused("receipt_repaid", "number", law, fmt.Sprintf("Biên lai này đã hoàn %d đồng rồi.", u.Repaid.Amount), fmt.Sprintf("%d đồng were given back on this receipt already.", u.Repaid.Amount))
	case w.Amount > u.Amount:
		return nil, refused("more_than_taken", "amount", law, fmt.Sprintf("Biên lai này chỉ thu %d đồng.", u.Amount), fmt.Sprintf("Only %d đồng were taken against this receipt.", u.Amount))
	}
	return []Event{w}, nil
}

// VoidReasons are why a number stands for nothing.
func VoidReasons() []string { return []string{"spoiled", "misprinted", "lost", "skipped"} }

func (b Book) void(w NumberVoided) ([]Event, error) {
	_, used := b.Used[w.Number]
	switch {
	case !slices.Contains(VoidReasons(), w.Reason):
		return nil, invalid("not_in_list", "reason", "Lý do là một trong: spoiled, misprinted, lost, skipped.", "The reason is one of: spoiled, misprinted, lost, skipped.")
	case w.Number < b.First || w.Number > b.Last:
		return nil, invalid("not_of_book", "number", fmt.Sprintf("Quyển này có số từ %d đến %d.", b.First, b.Last), fmt.Sprintf("This book has the numbers %d to %d.", b.First, b.Last))
	case used:
		return nil, refused("receipt_used", "number", law, "Số này đã thu tiền. Hoàn tiền trên biên lai, không hủy số.", "Money was taken against this number. Give it back on the receipt, do not void it.")
	case b.Void[w.Number] != "":
		return nil, nil
	}
	return []Event{w}, nil
}

// EvolveBook is the book after one more fact.
func EvolveBook(b Book, f Fact) Book {
	b.Version = f.Version
	switch e := f.Event.(type) {
	case BookIssued:
		b.Agency, b.Series, b.First, b.Last, b.Holder = e.Agency, e.Series, e.First, e.Last, e.Holder
		b.Used, b.Void = map[int]Use{}, map[int]string{}
	case BookHanded:
		b.Holder = e.To
	case NumberUsed:
		b.Used = maps.Clone(b.Used)
		b.Used[e.Number] = Use{NumberUsed: e}
	case NumberRepaid:
		b.Used = maps.Clone(b.Used)
		u := b.Used[e.Number]
		u.Repaid = &e
		b.Used[e.Number] = u
	case NumberVoided:
		b.Void = maps.Clone(b.Void)
		b.Void[e.Number] = e.Reason
	}
	return b
}
