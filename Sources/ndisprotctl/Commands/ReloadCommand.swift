internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl reload`.
struct ReloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload", abstract: "Reloads the configuration of the daemon.",
    discussion: Help.text(
      """
      For administrators. Answers when every open follows the new policy; on error the running \
      configuration stays, the mistake is reported, and the exit code is 1.
      """,
      ["ndisprotctl reload"]))

  @OptionGroup var global: GlobalOptions

  mutating func run() throws {
    let program = Program(global, "reload", .administer)
    let connection = try program.connect()
    let reply = try program.attempt { () throws(ClientError) in try connection.reload() }
    guard reply.refusal.isEmpty else {
      if global.json {
        var line = JSONLine()
        line.add("event", "refused")
        line.add("message", reply.refusal)
        program.output.standard.writeLine(line.closed)
        program.output.standard.flush()
      } else {
        program.output.hint("reload: nothing changed: \(reply.refusal.inOneLine())")
      }
      throw Failure(exitCode: 1)
    }
    program.output.standard.writeLine(global.json ? Self.json(reply) : Self.text(reply))
    program.output.standard.flush()
  }

  private static func text(_ reply: ReloadReply) -> String {
    "\(reply.ruleCount) rules; opens changed \(reply.changedCount), closed \(reply.closedCount); "
      + "interfaces bound \(reply.boundCount), unbound \(reply.unboundCount)"
  }

  private static func json(_ reply: ReloadReply) -> String {
    var line = JSONLine()
    line.add("event", "reloaded")
    line.add("rules", reply.ruleCount)
    line.add("opensChanged", reply.changedCount)
    line.add("opensClosed", reply.closedCount)
    line.add("bound", reply.boundCount)
    line.add("unbound", reply.unboundCount)
    return line.closed
  }
}
