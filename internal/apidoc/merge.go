package apidoc

// Merge adds what a section of a part's document has and the whole's lacks, with
// the components that it may need.
func (whole Document) Merge(part Document, section string) {
	into := child(whole.Root, section)
	added := false
	for name, v := range Object(part.Root[section]) {
		if _, ok := into[name]; !ok {
			into[name], added = v, true
		}
	}
	if !added {
		return
	}
	for kind, all := range Object(part.Root["components"]) {
		components := child(child(whole.Root, "components"), kind)
		for name, v := range Object(all) {
			if _, ok := components[name]; !ok {
				components[name] = v
			}
		}
	}
}
