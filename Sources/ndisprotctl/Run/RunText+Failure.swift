internal import Glibc
internal import NdisprotClient
internal import VirtualAdapter

// Why there is no adapter, or no program, and what to do about it.

extension RunText {
  /// The exit code of a run whose program did not start, as env(1) defines them.
  static func exitCode(_ error: AdapterError) -> Int32 {
    switch error {
    case .program(_, let error): error.errno == ENOENT ? 127 : 126
    case .ended(.exited(let status)): status
    case .ended(.killed(let signal)): 128 + signal
    case .step, .unmapped, .client: 125
    }
  }

  /// Reports why the process inside did not become the program, and returns its exit code.
  static func reportInside(_ error: AdapterError) -> Int32 {
    if let line = line(error) { Output.writeError(line) }
    return exitCode(error)
  }

  /// The sentence about a failure; nil if another process has reported it.
  func line(_ error: AdapterError) -> String? { Self.line(error) }

  /// The same without knowledge of the binding.
  static func line(_ error: AdapterError) -> String? {
    switch error {
    case .step(let step, let error): "run: " + words(step, error)
    case .unmapped(let reason):
      "run: no users could be mapped: \(reason). Install uidmap, and have root write a range, such as "
        + "'\(getuid()):100000:65536', to /etc/subuid and /etc/subgid"
    case .client(let error):
      "run: the daemon refused it: \(error.name). See 'ndisprotctl doctor'"
    case .program(let name, let error):
      "run: \(name.printable()): \(error.words). Name a program that PATH finds, or its path"
    case .ended: nil
    }
  }

  private static func words(_ step: AdapterError.Step, _ error: SystemError) -> String {
    switch (step, error.errno) {
    case (.namespaces, EPERM), (.namespaces, EACCES):
      "no user namespace: \(error.text). A container's seccomp filter or kernel.unprivileged_userns_clone "
        + "keeps you from it; use a client that knows the daemon, or see 'ndisprotctl doctor'"
    case (.namespaces, ENOSPC), (.namespaces, EUSERS):
      "no user namespace: user.max_user_namespaces is 0 or used up. Ask root for: "
        + "sysctl user.max_user_namespaces=10000"
    case (.identity, EPERM) where geteuid() == 0:
      // verify_root_map() of the kernel, user_namespaces(7).
      "no user in the namespace: root without CAP_SETFCAP cannot be mapped. Run it as an ordinary user, "
        + "or with that capability"
    case (.identity, EPERM), (.identity, EACCES):
      "no user in the namespace: \(error.text). AppArmor may restrict user namespaces here: install the "
        + "package's profile, or see 'ndisprotctl doctor'"
    case (.device, _):
      "no TAP device: /dev/net/tun: \(error.words). Ask root for: modprobe tun; chmod 666 /dev/net/tun; "
        + "or write --form veth"
    case (.sysfs, _): "no /sys of its own: \(error.text). Leave --sysfs away"
    default: "no adapter: \(step.rawValue): \(error.text). See 'ndisprotctl doctor'"
    }
  }
}
