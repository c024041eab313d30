package dossier

// Values lists what a closed list holds, by the kind under which Label words it; nil for an open list.
func Values(kind string) []string {
	lists := map[string]interface{ values() []string }{
		"channel": Channel(""), "stage": Stage(""), "proposal": Proposal(""), "outcome": Outcome(""), "verdict": Verdict(""),
		"refusal_reason": RefusalReason(""), "supplement_reason": SupplementReason(""), "recipient": Recipient(""),
		"stop_reason": StopReason(""), "deadline_source": DeadlineSource(""), "irregular": Irregular(""),
		"rework_reason": ReworkReason(""), "extension_reason": ExtensionReason(""), "withdrawal_refusal": WithdrawalRefusal(""),
		"stopped_reason": StoppedReason(""), "recompute_reason": RecomputeReason(""), "count_policy": CountPolicy(""), "move_ground": MoveGround(""),
	}
	if list, ok := lists[kind]; ok {
		return list.values()
	}
	if kind == "late_reason" {
		return LateReasons()
	}
	return nil
}
