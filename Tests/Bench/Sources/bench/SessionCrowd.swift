/// A thousand rules, and a thousand sessions of four users that have nothing to do.
///
/// Every tenth session has the interface open for a type that nobody sends, with a read pended: it
/// waits, as a supplicant does, on the thread that moves the measured frames.
struct SessionCrowd {
  static let ruleCount = 1_000
  static let sessionCount = 1_000
  static let openCount = 100
  private static let firstUserID = 61_020
  private static let userCount = 4
  private static let core = ReceiveRun.sourceCore

  private let members: [ChildProcess]

  /// What the users of the crowd may do, in configurations that a reload tells apart.
  enum Rights: String {
    case none = ""
    case all = "\"read\", \"write\", \"set-oid\""
    case reading = "\"read\", \"set-oid\""
  }

  /// The configuration of a daemon that has only the client's rule, the last of so many.
  static func configuration(
    _ profile: Product.Profile, ruleCount: Int, _ rights: Rights = .all
  ) -> String {
    let ownCount = userCount + 1
    let others = (0..<max(0, ruleCount - ownCount)).map { number in
      rule(
        "other \(number)", userID: 70_000 + number % 100, interface: "np\(number % 7)*",
        etherTypes: "\(0x8000 + number)", rights: "\"read\"")
    }
    let crowd = (0..<(ruleCount > 1 ? userCount : 0)).map { index in
      rule(
        "crowd \(index)", userID: firstUserID + index, interface: "np*", etherTypes: "\"0x88b7\"",
        rights: rights.rawValue)
    }
    let client = rule(
      "client", userID: Product.clientUserID, interface: Lab.interface,
      etherTypes: "\"0x88b5\", \"0x88b6\"", rights: "\"read\", \"write\"")
    let binding = """
      [[binding]]
      interface = "\(Lab.interface)"
      profile = "\(profile.rawValue)"

      """
    return binding + (others + crowd + [client]).joined()
  }

  private static func rule(
    _ name: String, userID: Int, interface: String, etherTypes: String, rights: String
  ) -> String {
    """
    [[rule]]
    name = "\(name)"
    user = "\(userID)"
    interface = "\(interface)"
    ethertypes = [\(etherTypes)]
    rights = [\(rights)]

    """
  }

  /// Connects them all.
  ///
  /// - Parameters:
  ///   - product: the daemon
  ///   - openCount: how many have its interface open
  /// - Throws: `.missing` where there is one user only: rules about others would decide nothing
  init(_ product: Product, openCount: Int = Self.openCount) throws(BenchError) {
    guard product.lab.isMachineRoot else {
      throw .missing("no right to be several users: run it as root")
    }
    let (users, sessions) = (Self.userCount, Self.sessionCount)
    var members: [ChildProcess] = []
    for index in 0..<users {
      members.append(
        try product.startUnprivileged(
          [product.benchClientPath, "crowd", product.socket, Lab.interface]
            + [String(sessions / users), String(openCount / users)],
          core: Self.core, userID: Self.firstUserID + index))
    }
    for member in members { try member.event("ready", within: 20) }
    self.members = members
  }

  /// All hang up.
  func leave() throws(BenchError) {
    for member in members { member.send(15) }
    for member in members { _ = try member.end(within: 5) }
  }

  /// A client of one of the crowd's users that asks without end, on the core of whoever sends.
  static func startFlood(
    _ product: Product, of question: String
  ) throws(BenchError) -> ChildProcess {
    let words = ["flood", "--interface", Lab.interface, "--socket", product.socket]
    let flood = try product.startUnprivileged(
      [product.peerPath] + words + ["--ethertype", "0x88b7", "--question", question]
        + ["--seconds", "30"],
      core: core, userID: firstUserID + userCount - 1)
    try flood.event("ready", within: 5)
    return flood
  }
}

extension Product {
  /// Starts a daemon that a file tells what to do, and waits until the interface is bound.
  func startDaemon(configuredBy text: String, core: Int) throws(BenchError) -> ChildProcess {
    try TextFile.write(text, to: configurationPath)
    let daemon = try launch([], ["--config", configurationPath], core: core)
    try waitUntilBound(daemon)
    return daemon
  }
}
