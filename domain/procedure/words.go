package procedure

import "strings"

// words is what people read, Vietnamese first.
type words struct{ vi, en string }

var vocabulary = map[string]map[string]words{
	"archetype": {
		string(Desk): {"xét trên hồ sơ", "on documents"}, string(OnSite): {"kiểm tra thực tế", "on-site inspection"},
		string(ByCouncil): {"hội đồng", "expert council"}, string(ByLaboratory): {"xét nghiệm", "laboratory"},
		string(LaboratoryCouncil): {"xét nghiệm và hội đồng", "laboratory and council"},
		string(MultiAgency):       {"phối hợp nhiều cơ quan", "several agencies"}, string(Notice): {"thông báo, đăng tải", "notification"},
	},
	"mark": {
		string(LawText): {"đọc từ văn bản", "read in the law"}, string(PortalPage): {"đọc trên cổng dịch vụ công", "read on a portal"},
		string(SeenCode): {"thấy trong nguồn công khai", "seen in public"}, string(FromMemory): {"chưa kiểm chứng", "not confirmed"},
		string(Assumption): {"giả định", "assumed"}, string(NoneFound): {"không có số liệu", "nothing found"},
	},
	"reason": {
		string(Pilot): {"thí điểm", "pilot"}, string(RollOut): {"triển khai", "roll-out"}, string(Resumed): {"mở lại", "resumed"},
		string(PilotEnded): {"kết thúc thí điểm", "the pilot has ended"}, string(UnitNotReady): {"đơn vị chưa sẵn sàng", "the unit is not ready"},
		string(LawChanged): {"quy định thay đổi", "the law has changed"}, string(TechnicalIncident): {"sự cố kỹ thuật", "a technical incident"},
		string(PhysicalPresence): {"phải có mặt trực tiếp", "physical presence is required"},
		string(OnSiteCheck):      {"phải xác minh tại chỗ", "on-site verification is required"}, string(OtherTechnical): {"lý do kỹ thuật khác", "another technical reason"},
	},
	"channel": {
		string(Online): {"trực tuyến", "online"}, string(Counter): {"tại quầy", "at the counter"}, string(Post): {"bưu chính", "by post"},
	},
	"step": {
		string(DeskCheck): {"xét hồ sơ", "desk check"}, string(Inspection): {"kiểm tra thực tế", "inspection"}, string(Laboratory): {"xét nghiệm", "laboratory"},
		string(Council): {"hội đồng", "council"}, string(Opinion): {"lấy ý kiến", "opinion"}, string(Remediation): {"khắc phục", "remediation"},
		string(Publication): {"đăng tải", "publication"},
	},
	"assumed": {
		"time_limit": {"thời hạn", "limit"}, "components": {"thành phần", "components"}, "code": {"mã", "code"}, "fee": {"phí", "fee"}, "steps": {"bước xử lý", "steps"},
	},
}

// Word is the word for a code of a kind (archetype, mark, reason, channel, step, assumed); one nobody has words for comes back as it is.
func Word(kind, code, lang string) string {
	w, known := vocabulary[kind][code]
	switch {
	case !known:
		return code
	case lang == "en":
		return w.en
	}
	return w.vi
}

// listed writes a closed list.
func listed[T ~string](list []T) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = string(v)
	}
	return strings.Join(parts, ", ")
}
