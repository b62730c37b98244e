package export

import (
	"muster/internal/config"
)

// waiterName is that of the account by which a pod may see what it waits for.
const waiterName = "muster-wait"

// waits are the containers that wait for other processes, one after another, before the
// pod's own is started.
func (x *cluster) waits(m config.Member) (all []any) {
	for _, d := range m.DependsOn {
		var what []string
		switch d.Condition {
		case config.Healthy:
			what = []string{"--for=condition=Available", "deployment/" + objectName(d.Name)}
		case config.Succeeded:
			what = []string{"--for=condition=Complete", "job/" + x.jobs[d.Name]}
		default:
			x.note(m.Path+".depends_on."+d.Name, "not waited for: Kubernetes starts everything at once")
			continue
		}
		all = append(all, object{"name": "wait-for-" + objectName(d.Name), "image": kubectl,
			"command": append([]string{"kubectl", "wait", "--timeout=-1s"}, what...)})
	}
	return all
}

// waiter is the right to see, in this namespace, how far others are.
func (x *cluster) waiter() {
	see := func(group, resource string) object {
		return object{"apiGroups": []string{group}, "resources": []string{resource}, "verbs": []string{"get", "list", "watch"}}
	}
	x.add("v1", "ServiceAccount", waiterName, nil)
	x.add("rbac.authorization.k8s.io/v1", "Role", waiterName, object{"rules": []any{see("apps", "deployments"), see("batch", "jobs")}})
	x.add("rbac.authorization.k8s.io/v1", "RoleBinding", waiterName, object{
		"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": waiterName},
		"subjects": []any{object{"kind": "ServiceAccount", "name": waiterName, "namespace": x.Namespace}},
	})
}
