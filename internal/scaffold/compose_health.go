package scaffold

import (
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

func (c *composeFile) healthcheck(p *process, s, k pair) {
	for _, h := range pairs(k.node) {
		value := c.expanded(text(h.node))
		duration := func() string {
			t, err := time.ParseDuration(value)
			if err != nil || t < 10*time.Millisecond || t > time.Hour {
				c.d.leave(c.at(h.line), "services.%s.healthcheck.%s is not taken over: %s is no duration from 10ms to 1h", s.key, h.key, value)
				return ""
			}
			return value
		}
		switch h.key {
		case "test":
			c.healthTest(p, s, h)
		case "interval":
			p.health.interval = duration()
		case "timeout":
			p.health.timeout = duration()
		case "start_period":
			p.health.start = duration()
		case "retries":
			if n, err := strconv.Atoi(value); err == nil && n >= 1 && n <= 1000 {
				p.health.retries = n
			}
		case "disable":
		default:
			c.d.leave(c.at(h.line), "services.%s.healthcheck.%s is not taken over", s.key, h.key)
		}
	}
}

var localURL = lazy(`https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(\d+))?(/[A-Za-z0-9._~/%?=&-]*)?`)

func (c *composeFile) healthTest(p *process, s, h pair) {
	words := texts(h.node)
	line := ""
	if h.node.Kind != yaml.SequenceNode {
		line = text(h.node)
	} else if len(words) > 1 && words[0] == "CMD-SHELL" {
		line = words[1]
	} else if len(words) > 0 && words[0] == "CMD" {
		words = words[1:]
	} else {
		if len(words) > 0 && words[0] != "NONE" {
			c.d.leave(c.at(h.line), "services.%s.healthcheck.test is not taken over: %s is none of CMD, CMD-SHELL and NONE", s.key, words[0])
		}
		return
	}
	whole := line
	if whole == "" {
		whole = strings.Join(words, " ")
	}
	if m := localURL().FindStringSubmatch(whole); m != nil && (strings.Contains(whole, "curl") || strings.Contains(whole, "wget")) {
		if p.health.path = m[2]; p.health.path == "" {
			p.health.path = "/"
		}
		return
	}
	if line != "" {
		p.health.command = []string{"sh", "-c", c.value(line)}
		return
	}
	for _, w := range words {
		p.health.command = append(p.health.command, c.value(w))
	}
}
