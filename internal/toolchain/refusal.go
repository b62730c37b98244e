package toolchain

import "os"

// NoInstall names the environment variable that, set to anything, forbids to
// install: into the system and below the project alike.
const NoInstall = "MUSTER_NO_INSTALL"

// onlyLooking is the refusal of whoever only wants to know what is there.
const onlyLooking = "nothing is installed just to look"

// Refusal says why nothing may be installed; "" when it may.
func Refusal() string {
	if os.Getenv(NoInstall) != "" {
		return "nothing is installed while " + NoInstall + " is set"
	}
	return ""
}
