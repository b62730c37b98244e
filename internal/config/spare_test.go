package config

import "testing"

func TestSparePortsAreNobodysAndStay(t *testing.T) {
	t.Parallel()
	c := &Config{Nginx: &Nginx{Port: 28001}, Frontends: []Frontend{{Process: Process{Port: 28002, Instances: 1}}},
		Servers: []Server{{Process: Process{Name: "a", Port: 8001, Instances: 3}}, {Process: Process{Name: "b", Port: 39745, Instances: 2}}, {Process: Process{Name: "c", Port: 28003, Instances: 1}}}}
	ports := c.SparePorts()
	seen := map[int]bool{28001: true, 28002: true, 8001: true, 8002: true, 8003: true, 39745: true, 39746: true, 28003: true}
	for port, spare := range ports {
		if seen[spare] || spare < 1024 || spare >= 32768 {
			t.Errorf("%d has the stand-in %d", port, spare)
		}
		seen[spare] = true
		if again := c.SparePorts()[port]; again != spare {
			t.Errorf("%d has %d, then %d", port, spare, again)
		}
	}
	if len(ports) != 6 {
		t.Errorf("%v", ports)
	}
}
