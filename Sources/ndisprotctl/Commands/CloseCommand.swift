internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl close`.
struct CloseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close", abstract: "Ends a session of another program, or all of a user.",
    discussion: Help.text(
      """
      For administrators: root, and the user that runs the daemon. A number is a session, as 'ndisprotctl \
      status' lists them; anything else is the name of a user. The program is hung up on and may connect \
      again: to keep it out, change its rule and reload. The audit records the administrator and the session.
      """,
      [
        "ndisprotctl close 17",
        "ndisprotctl close alice --open-only",
        "ndisprotctl close --user 1001",
      ]))

  @OptionGroup var global: GlobalOptions
  @Argument(help: "The number of a session, or the name of a user.")
  var target: String?
  @Option(help: "A user, by name or number.")
  var user: String?
  @Flag(help: "End only what is open there; the sessions stay.")
  var openOnly = false

  mutating func validate() throws {
    guard (target == nil) != (user == nil) else {
      throw ValidationError("write one of SESSION, USER and --user")
    }
    if let target, let number = UInt64(target), number == 0 {
      throw ValidationError("no session has the number 0. See 'ndisprotctl status'")
    }
  }

  mutating func run() throws {
    let name = target ?? user ?? ""
    let program = Program(global, "close \(name)", .administer)
    let wanted = try wanted(program)
    let connection = try program.connect()
    let count: UInt32
    do throws(ClientError) {
      count = try connection.close(wanted)
    } catch {
      guard error.status == .notFound else { throw program.fail(error) }
      let what = openOnly ? "nothing open" : "no session"
      throw program.fail(
        "there is \(what) of \(name)", "See 'ndisprotctl status'", name: "notFound")
    }
    if global.json {
      var line = JSONLine()
      line.add("event", "closed")
      line.add("count", count)
      program.output.standard.writeLine(line.closed)
    } else {
      let things = openOnly ? "open" : "session"
      program.output.standard.writeLine("closed \(count) \(things)\(count == 1 ? "" : "s")")
    }
    program.output.standard.flush()
  }

  private func wanted(_ program: Program) throws(Failure) -> CloseRequest {
    if let target, let session = UInt64(target) {
      return CloseRequest(.session(session), isOpenOnly: openOnly)
    }
    let name = user ?? target ?? ""
    let number = try program.attempt { () throws(ClientError) in try userNumber(of: name) }
    guard let number else { throw program.fail(.refused(.notFound, .administer)) }
    return CloseRequest(.user(number), isOpenOnly: openOnly)
  }
}
