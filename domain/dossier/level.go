package dossier

import (
	"dossier/domain/calendar"
	"dossier/domain/procedure"
)

// What may be done online follows from the service level of the dossier's version on the day of the act: filing, paying, handing the result over.

func (q question) serviceLevel() (procedure.ServiceLevel, bool) {
	if q.x.Procedure == nil {
		return procedure.ServiceLevel{}, false
	}
	return q.x.Procedure.LevelOn(calendar.DateOf(q.at, hanoi))
}

// endsElsewhere says whether the level keeps fee and result at the counter.
func (q question) endsElsewhere() bool {
	l, says := q.serviceLevel()
	return says && !l.EndsOnline()
}

var levelGuards = []Guard{
	{Code: "level_without_online_filing", Live: true, On: []string{"SubmitDossier"}, Field: "channel", Basis: "NĐ 43/2011, Điều 18",
		broken: func(q question) bool {
			l, says := q.serviceLevel()
			return q.c.(SubmitDossier).Channel == Online && says && !l.FilesOnline()
		},
		VI: "Dịch vụ công của thủ tục này ở {service_level}: chưa nhận hồ sơ trực tuyến. Nộp tại quầy hoặc qua bưu chính.",
		EN: "The online service of this procedure is {service_level}: dossiers are not filed online yet. File at the counter or by post."},
	{Code: "level_without_online_payment", Live: true, On: []string{"ConfirmPayment"}, Field: "method", Basis: "NĐ 43/2011, Điều 18",
		broken: func(q question) bool { return q.c.(ConfirmPayment).Method == "online" && q.endsElsewhere() },
		VI:     "Dịch vụ công của thủ tục này ở {service_level}: phí nộp tại cơ quan. Chọn cách nộp khác.",
		EN:     "The online service of this procedure is {service_level}: fees are paid at the office. Choose another method."},
	{Code: "level_without_online_result", Live: true, On: []string{"ChooseDelivery", "ReturnResult"}, Field: "way", Basis: "NĐ 43/2011, Điều 18",
		broken: func(q question) bool {
			way := Channel("")
			switch c := q.c.(type) {
			case ChooseDelivery:
				way = c.Way
			case ReturnResult:
				way = c.Way
			}
			return way == Online && q.endsElsewhere()
		},
		VI: "Dịch vụ công của thủ tục này ở {service_level}: kết quả nhận tại cơ quan hoặc qua bưu chính. Chọn cách nhận khác.",
		EN: "The online service of this procedure is {service_level}: results are given at the office or by post. Choose another way."},
}
