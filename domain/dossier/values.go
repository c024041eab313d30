package dossier

// Values lists what a closed list holds, by the kind under which Label words it; nil for an open list.
func Values(kind string) []string {
	lists := map[string]interface{ values() []string }{
		"channel": Channel(""), "stage": Stage(""), "proposal": Proposal(""), "outcome": Outcome(""), "verdict": Verdict(""),
		"refusal_reason": RefusalReason(""), "supplement_reason": SupplementReason(""), "recipient": Recipient(""),
		"stop_reason": StopReason(""), "deadline_source": DeadlineSource(""), "irregular": Irregular(""),
		"rework_reason": ReworkReason(""), "extension_reason": ExtensionReason(""), "withdrawal_refusal": WithdrawalRefusal(""),
		"stopped_reason": StoppedReason(""), "recompute_reason": RecomputeReason(""), "count_policy": CountPolicy(""), "part_kind": PartKind(""),
		"work_kind": WorkKind(""), "finding": Finding(""), "check_verdict": CheckVerdict(""), "signature_block": SignatureBlock(""),
		"payment_stage": PaymentStage(""), "payment_method": PaymentMethod(""), "payment_reason": PaymentReason(""),
		"delivery_status": DeliveryStatus(""), "delivery_failure": DeliveryFailure(""), "transfer_mode": TransferMode(""),
		"transfer_refusal": TransferRefusal(""), "link_kind": LinkKind(""), "complaint_kind": ComplaintKind(""), "complaint_finding": ComplaintFinding(""),
		"paper_status": PaperStatus(""), "paper_verdict": PaperVerdict(""), "error_origin": ErrorOrigin(""), "revocation_reason": RevocationReason(""), "grade": Grade(""),
		"urge_reason": UrgeReason(""), "message_topic": MessageTopic(""), "undo_reason": UndoReason(""), "consequence": Consequence(""),
		"archive": Archive(""), "move_ground": MoveGround(""), "media_type": MediaType(""), "means": Means(""), "file_kind": FileKind(""), "signature_algorithm": SignatureAlgorithm(""),
		"time_source": TimeSource(""), "certificate_state": CertificateState(""), "timer": TimerKind(""), "portal_outcome": PortalOutcome(""), "portal_sync": PortalSync(""), "notice": Notice(""),
	}
	if list, ok := lists[kind]; ok {
		return list.values()
	}
	if kind == "late_reason" {
		return LateReasons()
	}
	return nil
}
