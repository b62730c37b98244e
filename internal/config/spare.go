package config

// SparePorts are the ports of the stand-ins that serve while instances are
// restarted, by the port that they stand in for. They lie below those that the
// system gives to connections, and are nobody else's in the configuration.
func (c *Config) SparePorts() map[int]int {
	const from, to = 1024, ephemeral
	taken := map[int]bool{c.Dashboard.Port: true}
	if c.Nginx != nil {
		taken[c.Nginx.Port], taken[c.Nginx.RedirectPort] = true, true
	}
	for _, m := range c.Processes() {
		for i := range m.Instances {
			taken[m.Port+i] = true
		}
	}
	for _, s := range c.Servers {
		for i := range s.Instances {
			taken[s.Debug+i] = true
		}
	}
	spares := map[int]int{}
	for _, s := range c.Servers {
		for i := range s.Instances {
			spare, own := c.spares[s.Port+i]
			if !own {
				spare = from + (s.Port+i+20000)%(to-from)
			}
			for taken[spare] {
				spare = from + (spare+1)%(to-from)
			}
			taken[spare], spares[s.Port+i] = true, spare
		}
	}
	return spares
}
