// Package money is what an authority takes and gives back: each đồng stands in one book, and the books agree.
//
// There are four kinds of books. A till is what one officer took at the counter on one day. A receipt book is a run of numbers, each used
// once. A payment order is what was to be paid online, and everything that came for it. A day holds why its differences are what they are.
// Amounts are whole đồng; who pays is never named, only what for.
package money

import (
	"slices"
	"time"

	"dossier/domain"

	"github.com/google/uuid"
)

// Most is the largest amount of one act, in đồng.
const Most = 100_000_000_000

// Fact is an event with when it was so.
type Fact struct {
	Version int64
	At      time.Time
	Event   Event
}

// For is what money is for: a payment of a dossier.
type For struct {
	Dossier uuid.UUID `json:"dossier"`
	Payment int       `json:"payment"`
}

// Method is how money comes to the counter.
type Method string

// The methods.
const (
	Cash     Method = "cash"
	Transfer Method = "transfer"
)

// Reasons are why money is given back.
func Reasons() []string {
	return []string{"exempt", "reduced", "wrong_amount", "paid_twice", "not_provided"}
}

func checkReason(reason string) error {
	if slices.Contains(Reasons(), reason) {
		return nil
	}
	return invalid("not_in_list", "reason", "Lý do là một trong: exempt, reduced, wrong_amount, paid_twice, not_provided.",
		"The reason is one of: exempt, reduced, wrong_amount, paid_twice, not_provided.")
}

func checkAmount(amount int) error {
	if amount > 0 && amount <= Most {
		return nil
	}
	return invalid("out_of_range", "amount", "Số tiền là số đồng nguyên, từ 1 đến 100.000.000.000.", "The amount is in whole đồng, from 1 to 100,000,000,000.")
}

func invalid(code, field, vi, en string) error {
	return &domain.Invalid{Code: code, Field: field, VI: vi, EN: en}
}

func refused(code, field, basis, vi, en string) error {
	return &domain.Refusal{Code: code, Field: field, Basis: basis, VI: vi, EN: en}
}

const law = "NĐ 118/2025, Điều 24"

// first returns the first of these errors.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
