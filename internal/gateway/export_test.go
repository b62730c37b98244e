package gateway

// The tests of this folder try both gateways, which import this package, and so
// they lie outside of it. What they ask of its inside is here.
var Quote = quote

// ResolvedPeer is what stands behind the address of a server in a container, and
// Patience what stands behind one of several.
const (
	ResolvedPeer = resolvedPeer
	Patience     = patience
)

// QueryValue is how a module is written that a query parameter names.
func QueryValue(module string) (string, error) {
	d := &conf{}
	if err := d.addQuery(Route{Param: "type", Value: module, Server: "a"}); err != nil {
		return "", err
	}
	return d.Query.Routes[0].Value, nil
}
