package procedure_test

import (
	"strings"
	"testing"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/procedure"

	"pgregory.net/rapid"
)

var feeTable = procedure.Version{
	Facts: []procedure.Condition{{Name: "poor_household", NameVI: "hộ nghèo", NameEN: "a poor household"}, {Name: "large", NameVI: "quy mô lớn", NameEN: "large scale"}},
	Fees: []procedure.Fee{
		{Code: "appraisal-fee", NameVI: "Phí thẩm định", NameEN: "Appraisal charge", Kind: procedure.Charge, Amount: 1_000_001, When: "large", Due: procedure.DueAtReception},
		{Code: "appraisal-fee", NameVI: "Phí thẩm định", NameEN: "Appraisal charge", Kind: procedure.Charge, Amount: 300_000, Due: procedure.DueAtReception, Reliefs: []procedure.Relief{
			{Percent: 50, From: calendar.On(2025, time.July, 1), Until: calendar.On(2026, time.December, 31), Basis: "TT 64/2025/TT-BTC"},
			{Percent: 100, When: "poor_household", Basis: "TT 1"}}},
		{Code: "levy", NameVI: "Lệ phí", NameEN: "Levy", Kind: procedure.Levy, Amount: 50_000, Due: procedure.DueAtReturn},
	},
}

func TestAFeeNoticeFollowsFromTheTableTheFactsAndTheDay(t *testing.T) {
	in, after := calendar.On(2026, time.November, 26), calendar.On(2027, time.January, 1)
	for _, c := range []struct {
		name  string
		facts string
		day   calendar.Date
		total int
		says  string
	}{
		{"half until the end of 2026", "", in, 200_000, "giảm 50% từ 2025-07-01 đến 2026-12-31"},
		{"whole behind it", "", after, 350_000, "bỏ qua, không áp dụng ngày 2027-01-01"},
		{"exempt", "poor_household", in, 50_000, "miễn: đúng là “hộ nghèo”"},
		{"another branch", "large", in, 1_050_001, "1000001 đồng: đúng là “quy mô lớn”"},
		{"not that branch", "", in, 200_000, "1000001 đồng: bỏ qua, không phải “quy mô lớn”"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := feeTable.FeeNotice(func(fact string) bool { return fact == c.facts }, c.day)
			var said []string
			for _, l := range n.Lines {
				for _, s := range l.Steps {
					said = append(said, s.VI)
					if s.EN == "" || s.EN == s.VI {
						t.Errorf("%q has no English", s.VI)
					}
				}
			}
			if text := strings.Join(said, "\n"); n.Total != c.total || !strings.Contains(text, c.says) {
				t.Errorf("%d đồng:\n%s", n.Total, text)
			}
		})
	}
}

func TestLawAReliefNeverAsksForMoreAndOnlyTheGreatestCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.IntRange(0, 100_000_000_000).Draw(t, "amount")
		fee := procedure.Fee{Code: "fee", Amount: amount}
		most := 0
		for range rapid.IntRange(0, 4).Draw(t, "reliefs") {
			p := rapid.IntRange(1, 100).Draw(t, "percent")
			fee.Reliefs, most = append(fee.Reliefs, procedure.Relief{Percent: p, Basis: "x"}), max(most, p)
		}
		n := procedure.Version{Fees: []procedure.Fee{fee}}.FeeNotice(func(string) bool { return false }, calendar.On(2026, time.May, 1))
		taken := 0
		for _, s := range n.Lines[0].Steps[1:] {
			if s.Taken {
				taken++
			}
		}
		if want := amount * (100 - most) / 100; n.Total != want || taken != min(len(fee.Reliefs), 1) {
			t.Fatalf("%d of %d with %d%% off, %d reliefs taken", n.Total, amount, most, taken)
		}
	})
}
