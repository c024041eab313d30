package api

import (
	"encoding/json"

	"dossier/domain/money"
)

// moneySchemas are the contracts of the events of tills, receipt books, payment orders and days.
func moneySchemas() map[string][]byte {
	text := map[string]any{"type": "string", "maxLength": 255}
	day := map[string]any{"type": "string", "format": "date"}
	moment := map[string]any{"type": "string", "format": "date-time"}
	amount := map[string]any{"type": "integer", "minimum": 0, "maximum": money.Most}
	number := map[string]any{"type": "integer", "minimum": 1}
	signed, truth := map[string]any{"type": "integer"}, map[string]any{"type": "boolean"}
	id := map[string]any{"type": "string", "format": "uuid"}
	method, reason := enum(money.Cash, money.Transfer), enum(money.Reasons()...)
	all := map[string][]byte{}
	for _, s := range []struct {
		event       money.Event
		description string
		schema      map[string]any
	}{
		{money.TillOpened{}, "Till opened / Đã mở quầy thu", object(map[string]any{"agency": text, "officer": text, "day": day, "float": amount})},
		{money.Taken{}, "Money taken over the counter / Đã thu tại quầy", object(map[string]any{"receipt": text, "amount": amount, "method": method, "dossier": id, "payment": number})},
		{money.GivenBack{}, "Money given back over the counter / Đã hoàn tại quầy", object(map[string]any{"receipt": text, "amount": amount, "reason": reason, "dossier": id, "payment": number})},
		{money.TillClosed{}, "Till closed and counted / Đã khóa sổ quầy", object(map[string]any{"cash": amount, "transfers": amount, "given_back": amount, "expected": signed, "counted": amount, "difference": signed, "transfer_by": moment}, "transfer_by")},
		{money.TillTransferred{}, "Money of a till sent to the budget / Đã nộp ngân sách", object(map[string]any{"amount": amount, "document": text, "late": truth}, "late")},
		{money.BookIssued{}, "Receipt book issued / Đã cấp quyển biên lai", object(map[string]any{"agency": text, "series": text, "first": number, "last": number, "holder": text})},
		{money.BookHanded{}, "Receipt book handed on / Đã chuyển quyển biên lai", object(map[string]any{"to": text})},
		{money.NumberUsed{}, "Receipt number used / Đã dùng số biên lai", object(map[string]any{"number": number, "officer": text, "day": day, "amount": amount, "method": method, "dossier": id, "payment": number})},
		{money.NumberRepaid{}, "Receipt repaid / Đã hoàn theo biên lai", object(map[string]any{"number": number, "officer": text, "day": day, "amount": amount, "reason": reason})},
		{money.NumberVoided{}, "Receipt number voided / Đã hủy số biên lai", object(map[string]any{"number": number, "reason": enum(money.VoidReasons()...)})},
		{money.OrderOpened{}, "Payment order opened / Đã lập lệnh thanh toán", object(map[string]any{"agency": text, "amount": amount, "until": moment, "dossier": id, "payment": number})},
		{money.OrderReceived{}, "Online money received / Đã nhận tiền trực tuyến", object(map[string]any{"transaction": text, "amount": amount, "paid_at": moment, "late": truth}, "late")},
		{money.OrderApplied{}, "Put to what is owed / Đã gán cho khoản phải nộp", object(map[string]any{"amount": amount})},
		{money.OrderBooked{}, "The dossier has it / Hồ sơ đã ghi nhận", object(map[string]any{})},
		{money.OrderReleased{}, "The dossier does not want it: to be refunded / Hồ sơ không nhận: phải hoàn", object(map[string]any{"amount": amount, "cause": text})},
		{money.OrderCancelled{}, "Payment order cancelled / Đã hủy lệnh thanh toán", object(map[string]any{"reason": reason})},
		{money.RefundOrdered{}, "Refund ordered / Đã lệnh hoàn tiền", object(map[string]any{"number": number, "amount": amount, "applied": amount, "reason": reason}, "applied")},
		{money.RefundDone{}, "Refund done by the provider / Đơn vị thanh toán đã hoàn", object(map[string]any{"number": number, "transaction": text})},
		{money.DifferenceExplained{}, "Difference of a day explained / Đã giải trình chênh lệch", object(map[string]any{"key": text, "cause": enum(money.Causes()...)})},
	} {
		name := money.TypeName(s.event)
		s.schema["$schema"], s.schema["$id"] = "https://json-schema.org/draft/2020-12/schema", "/schemas/"+name
		s.schema["title"], s.schema["description"] = name, s.description
		all[name], _ = json.MarshalIndent(s.schema, "", "  ") // of plain values: cannot fail
	}
	return all
}
