package devstack

func helpKafka(dir string) {}
