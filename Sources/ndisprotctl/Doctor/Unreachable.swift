internal import Glibc
internal import NdisprotClient
internal import Platform

/// Why no connection to the daemon is possible, as far as this machine shows.
///
/// The message of every command that finds no daemon, and the one FAIL of `doctor` for it.
struct Unreachable {
  /// The group whose members may connect to the service's socket.
  static let groupName = "ndisprot"

  let path: String
  let cause: SystemError
  let login: Login
  /// The file at the path; nil if there is none.
  var file: File?
  /// The number of the service's group; nil if it does not exist.
  var groupID: UInt32?
  /// The units of the service, if the path belongs to its socket.
  var units: (socket: ServiceUnit, service: ServiceUnit)?
  /// Whether the path is the default one.
  var isUsualPath: Bool { path == Connection.defaultPath }
  /// Whether systemd runs here.
  var isSystemdHere = false
  /// Whether the default socket exists.
  var isUsualSocketThere = false

  /// A socket in the file system.
  struct File {
    let ownerName: String
    let groupID: UInt32
    let groupName: String
    /// Whether members of its group may connect.
    let isForGroup: Bool
    let isSocket: Bool
  }

  /// Collects the facts.
  init(path: String, _ cause: SystemError) {
    self.path = path
    self.cause = cause
    login = Login()
    file = HostFacts.status(of: path).map { status in
      File(
        ownerName: HostFacts.userName(status.st_uid), groupID: status.st_gid,
        groupName: HostFacts.groupName(status.st_gid), isForGroup: status.st_mode & S_IWGRP != 0,
        isSocket: status.st_mode & S_IFMT == S_IFSOCK)
    }
    groupID = HostFacts.groupID(Self.groupName)
    isSystemdHere = ServiceUnit.isSystemdHere
    if isUsualPath, isSystemdHere, let socket = ServiceUnit(ServiceUnit.socket),
      let service = ServiceUnit(ServiceUnit.service)
    {
      units = (socket, service)
    }
    isUsualSocketThere = HostFacts.status(of: Connection.defaultPath) != nil
  }

  /// A machine with known facts.
  init(path: String, _ cause: SystemError, login: Login) {
    self.path = path
    self.cause = cause
    self.login = login
  }

  /// The row of `doctor`, what is wrong, and what to do.
  var words: (check: String, cause: String, remedy: String) {
    switch cause.errno {
    case ENOENT: absent
    case ECONNREFUSED where file?.isSocket != false: silent
    case EACCES, EPERM: forbidden
    // The kernel returns ECONNREFUSED for a file that is not a socket, too.
    case ECONNREFUSED, EPROTOTYPE, ENOTSOCK:
      (
        "socket", "\(path) is not the socket of ndisprotd",
        "Name the socket of ndisprotd with --socket or NDISPROT_SOCKET"
      )
    case ENAMETOOLONG:
      (
        "socket", "the path of the socket is empty or longer than 107 bytes",
        "Name the socket of ndisprotd with --socket or NDISPROT_SOCKET"
      )
    case EAGAIN:
      (
        "daemon", "the daemon on \(path) takes no connections",
        "See its log, and start it again if it hangs"
      )
    default:
      (
        "socket", "\(path): \(cause.words)",
        "Name the socket of ndisprotd with --socket or NDISPROT_SOCKET"
      )
    }
  }

  // MARK: No daemon

  /// The command that starts a daemon for this user by hand.
  private var byHand: String {
    "sudo ndisprotd" + (isUsualPath ? "" : " --socket \(path)") + " --interface eth0"
      + (login.isRoot ? "" : " --allow \(login.userName)")
  }

  private var absent: (check: String, cause: String, remedy: String) {
    let what = "the daemon is not running: there is no socket \(path)"
    if isUsualPath, isSystemdHere, groupID == nil, units?.socket.isLoaded == true {
      return (
        "group", "there is no group \(Self.groupName), so \(ServiceUnit.socket) does not start",
        "Make it: systemd-sysusers ndisprot.conf, or groupadd --system \(Self.groupName); then: "
          + "systemctl restart \(ServiceUnit.socket)"
      )
    }
    if let fault = unitFault { return ("unit", "\(what), and \(fault.cause)", fault.remedy) }
    guard isUsualPath || !isUsualSocketThere else {
      return (
        "socket", what,
        "\(Connection.defaultPath) is there: leave --socket away, and unset NDISPROT_SOCKET"
      )
    }
    return (
      "socket", what,
      "Start it: \(byHand); or name another socket with --socket or NDISPROT_SOCKET"
    )
  }

  private var silent: (check: String, cause: String, remedy: String) {
    let what = "the daemon is not running: nothing listens on \(path)"
    if let fault = unitFault { return ("unit", "\(what), and \(fault.cause)", fault.remedy) }
    return (
      "socket", "\(what), which an earlier one left behind",
      "Start ndisprotd, which replaces it, or name another socket with --socket or NDISPROT_SOCKET"
    )
  }

  /// What is wrong with the units of the service; nil if they are not involved.
  private var unitFault: (cause: String, remedy: String)? {
    guard let units else { return nil }
    let (socket, service) = units
    if socket.isMasked {
      return (
        "\(socket.name) is masked",
        "Unmask it: systemctl unmask \(socket.name); then: systemctl enable --now \(socket.name)"
      )
    }
    guard socket.isLoaded else {
      return (
        "systemd has no \(socket.name)",
        "Install the package ndisprot or run scripts/install, or start it by hand: \(byHand)"
      )
    }
    if service.state == "failed" || socket.state == "failed" {
      let text = service.statusText.isEmpty ? "" : ": \(service.statusText)"
      let name = service.state == "failed" ? service.name : socket.name
      return (
        "\(name) has failed\(text)",
        "See journalctl -u \(service.name); then: systemctl reset-failed \(service.name) "
          + "\(socket.name); systemctl restart \(socket.name)"
      )
    }
    return (
      "\(socket.name) is \(socket.state)", "Start it: systemctl enable --now \(socket.name)"
    )
  }

  // MARK: No right to connect

  private var forbidden: (check: String, cause: String, remedy: String) {
    let what = "\(login.userName) may not use the socket \(path)"
    guard let file else {
      return (
        "socket", "\(what): one of its folders is closed",
        "Have its folders opened (namei -l \(path) shows which), or name another socket"
      )
    }
    guard file.isForGroup else {
      return (
        "socket", "\(what): it belongs to \(file.ownerName) alone",
        "Have ndisprotd started with --allow \(login.userName)"
      )
    }
    guard !login.isOlderThanMembership(of: file.groupID) else {
      return (
        "login",
        "\(what): this login began before \(login.userName) was in the group \(file.groupName)",
        "Log in again, or use a shell of: newgrp \(file.groupName)"
      )
    }
    return (
      "group", "\(what): it is for the group \(file.groupName)",
      "Ask an administrator for: usermod -aG \(file.groupName) \(login.userName); then log in again"
    )
  }
}
