import Glibc
import Platform
import Synchronization
import Testing

@testable import WDF

private enum First {
  struct Settings: Sendable { let value = 1 }
}
private enum Second {
  struct Settings: Sendable { let value = 2 }
}
private struct Descriptor: ~Copyable, Sendable {
  let number: Int32
  deinit { close(number) }
}

@Suite("objects and contexts")
struct ObjectTests {
  @Test("wdf T1: of a driver whose make fails nothing is published")
  func failedDriver() throws {
    let framework = Framework()
    let failing = Context<Driver, Int>(make: { _ throws(WdfError) in throw WdfError(.accessDenied) }
    )
    #expect(code { try framework.makeDriver("x", failing) } == .accessDenied)
    #expect(code { try framework.driver } == .noDriver)
    #expect(framework.liveObjectCount == 0)
    let driver = try framework.makeDriver("d", Log().context("d"))
    try driver.unload()
  }

  @Test("A-76: a tree ends children first, and a hold delays the end of just what it holds")
  func threeLevels() throws {
    let fixture = try Fixture()
    let root = try fixture.object("root")
    let middle = try root.makeChild("middle", fixture.log.context("middle"))
    let leaf = try middle.makeChild("leaf", fixture.log.context("leaf"))
    let sibling = try root.makeChild("sibling", fixture.log.context("sibling"))
    let hold = try leaf.hold("test")
    #expect(fixture.framework.snapshot().first { $0.id == leaf.id }?.holders.map(\.tag) == ["test"])

    let failing = Context<General, Int>(make: { _ throws(WdfError) in throw WdfError(.accessDenied)
    })
    #expect(code { try middle.makeChild("never", failing) } == .accessDenied)
    try root.delete()
    #expect(
      fixture.log.all.filter { $0.hasPrefix("cleanup") }
        == ["cleanup leaf", "cleanup middle", "cleanup sibling", "cleanup root"])
    #expect(leaf.state != .destroyed && fixture.log.count("destroy leaf") == 0)
    #expect([middle.state, sibling.state, root.state] == [.destroyed, .destroyed, .destroyed])
    #expect(code { try leaf.makeChild("late") } == .deletePending)
    #expect(code { _ = try leaf.hold("late") } == .deletePending)
    _ = consume hold
    #expect(leaf.state == .destroyed && fixture.log.count("destroy leaf") == 1)
    #expect(code { _ = try leaf.hold("later") } == .objectDestroyed)
    try fixture.unload()
  }

  @Test("wdf T2: a second driver is refused, a second framework has its own")
  func secondDriver() throws {
    let fixture = try Fixture()
    #expect(code { try fixture.framework.makeDriver("x", Log().context("x")) } == .driverExists)
    #expect(try fixture.driver.withContext(Named.self) { $0.name } == "driver")
    let other = try Fixture()
    #expect(try other.framework.driver == other.driver)
    try other.unload()
    try fixture.unload()
  }

  @Test("wdf T3: a child ends once with its driver")
  func childEndsWithDriver() throws {
    let fixture = try Fixture()
    _ = try fixture.object("o")
    try fixture.unload()
    #expect(fixture.log.count("cleanup o") == 1)
    #expect(fixture.log.count("destroy o") == 1)
  }

  @Test("wdf T4: timers, work items and queues are refused where they cannot be")
  func parents() throws {
    let fixture = try Fixture(executor: ManualExecutor())
    _ = try fixture.driver.makeTimer("t") { _ in }
    _ = try fixture.driver.makeWorkItem("w") { _ in }
    let second = try fixture.driver.makeControlDevice("second")
    let binding = try fixture.device.makeChild("binding")
    #expect(code { try binding.makeQueue("q", .manual, of: second) } == .parentMismatch)
    #expect(code { try fixture.object("x").makeQueue("q", .manual) } == .parentMismatch)
    _ = try binding.makeQueue("q", .manual)
    try fixture.unload()
  }

  @Test("wdf T5: levels and scopes go where they belong, and passive is what nobody asked for")
  func attributes() throws {
    let fixture = try Fixture()
    #expect(fixture.driver.core.isPassive)
    #expect(try fixture.object("inherits").core.isPassive)
    #expect(try !fixture.object("dispatch", ObjectOptions(level: .dispatch)).core.isPassive)
    for scope in [ObjectOptions.Scope.device, .queue, .none] {
      #expect(code { try fixture.object("s", ObjectOptions(scope: scope)) } == .scopeInvalid)
    }
    let scoped = ObjectOptions(scope: .queue)
    #expect(code { try fixture.driver.makeControlDevice("d", options: scoped) } == .scopeInvalid)
    let device = try fixture.driver.makeControlDevice("d", options: ObjectOptions(scope: .device))
    var configuration = QueueConfiguration.manual
    configuration.options = ObjectOptions(level: .dispatch, scope: .device)
    #expect(code { try device.makeQueue("q", configuration) } == .invalidParameter)
    configuration.options.level = .inherit
    _ = try device.makeQueue("q", configuration)
    try fixture.unload()
  }

  @Test("wdf T6: a make that throws leaves no child, no callback, and a used identifier")
  func failedMake() throws {
    let fixture = try Fixture()
    let before = fixture.framework.liveObjectCount
    let seen = LockedValue<ObjectID?>(nil)
    let context = Context<General, Int>(
      make: { ref throws(WdfError) in
        seen.withLock { $0 = ref.id }
        throw WdfError(.outOfResources)
      }, onCleanup: { _, _ in fixture.log.add("cleanup") },
      onDestroy: { _, _ in fixture.log.add("destroy") })
    #expect(code { try fixture.driver.makeChild("x", context) } == .outOfResources)
    #expect(fixture.log.all.isEmpty)
    #expect(fixture.framework.liveObjectCount == before)
    #expect(fixture.driver.children.count == 1)
    let id = try #require(seen.withLock { $0 })
    #expect(code { try fixture.framework.resolve(id) } == .objectDestroyed)
    #expect(try fixture.object("next").id == ObjectID(slot: id.slot, generation: id.generation + 1))
    try fixture.unload()
  }

  @Test("wdf T7: what asks for a context that is being made gets an error, and the create succeeds")
  func contextInItsMake() throws {
    let framework = Framework()
    let codes = LockedValue<[WdfError.Code?]>([])
    let context = Context<Driver, Int>(make: { ref in
      let found = [
        code { try ref.withContext(Int.self) { _ in } }, code { try framework.driver },
        code { try ref.makeChild("c") }, code { try ref.addContext(Log().context("x")) },
        code { try ref.delete() },
      ]
      codes.withLock { $0 = found }
      return 1
    })
    let driver = try framework.makeDriver("d", context)
    #expect(
      codes.withLock { $0 } == [
        .contextNotInitialized, .noDriver, .notCommitted, .notCommitted, .notCommitted,
      ])
    #expect(try driver.withContext(Int.self) { $0 } == 1)
    try driver.unload()
  }

  @Test("wdf T8: with two contexts both are cleaned up before either is destroyed")
  func twoContexts() throws {
    let fixture = try Fixture()
    let object = try fixture.object("X")
    try object.addContext(
      Context(
        make: { _ in 1 }, onCleanup: { _, _ in fixture.log.add("cleanup Y") },
        onDestroy: { _, _ in fixture.log.add("destroy Y") }))
    #expect(try object.delete() == .completed)
    #expect(fixture.log.all == ["cleanup X", "cleanup Y", "destroy X", "destroy Y"])
    try fixture.unload()
  }

  @Test("wdf T9: a type is added once, and one that is not there is missing")
  func addedOnce() throws {
    let fixture = try Fixture()
    let object = try fixture.object("X")
    #expect(code { try object.addContext(Log().context("other")) } == .contextExists)
    #expect(try object.withContext(Named.self) { $0.name } == "X")
    #expect(code { try object.withContext(String.self) { _ in } } == .contextMissing)
    try fixture.unload()
  }

  @Test("wdf T10: types of one name are two types")
  func sameName() throws {
    let fixture = try Fixture()
    let object = try fixture.object("X")
    try object.addContext(Context(make: { _ in First.Settings() }))
    try object.addContext(Context(make: { _ in Second.Settings() }))
    #expect(try object.withContext(First.Settings.self) { $0.value } == 1)
    #expect(try object.withContext(Second.Settings.self) { $0.value } == 2)
    try fixture.unload()
  }

  @Test("wdf T11: in its cleanup an object still has its context and gets nothing new")
  func inCleanup() throws {
    let fixture = try Fixture()
    let parent = try fixture.object("parent")
    let sibling = try parent.makeChild("sibling", fixture.log.context("sibling"))
    let codes = LockedValue<[String]>([])
    _ = try parent.makeChild(
      "o",
      Context<General, Int>(
        make: { _ in 7 },
        onCleanup: { ref, _ in
          let found = [
            "\(code { try ref.withContext(Int.self) { _ in } } == nil)",
            "\(code { try ref.addContext(Log().context("x")) } == .deletePending)",
            "\(code { try ref.makeChild("x") } == .deletePending)",
            "\((try? ref.delete()) == .alreadyDeleting)",
            "\((try? sibling.delete()) == .alreadyDeleting)",
            "\((try? parent.delete()) == .alreadyDeleting)", "\(ref.parent == nil)",
          ]
          codes.withLock { $0 = found }
        }))
    #expect(try parent.delete() == .completed)
    #expect(codes.withLock { $0 } == [String](repeating: "true", count: 7))
    #expect(fixture.log.count("cleanup sibling") == 1)
    try fixture.unload()
  }

  @Test("wdf T11: a cleanup may delete the parent of its object: the parent waits for it")
  func deletesItsParent() throws {
    let fixture = try Fixture()
    let parent = try fixture.object("P")
    let child = try parent.makeChild(
      "C",
      Context<General, Int>(
        make: { _ in 1 },
        onCleanup: { _, _ in
          #expect((try? parent.delete()) == .deferred)
          fixture.log.add("cleanup C")
        }))
    #expect(try child.delete() == .completed)
    #expect(fixture.log.all == ["cleanup C", "cleanup P", "destroy P"])
    try fixture.unload()
  }

  @Test("wdf T12: in its destroy an object cannot be reached by its handles")
  func inDestroy() throws {
    let fixture = try Fixture()
    let handle = LockedValue<Ref<General>?>(nil)
    let found = LockedValue<[WdfError.Code?]>([])
    let object = try fixture.driver.makeChild(
      "o",
      Context<General, Int>(
        make: { _ in 1 },
        onDestroy: { _, _ in
          guard let ref = handle.withLock({ $0 }) else { return }
          let codes = [
            code { try ref.withContext(Int.self) { _ in } }, code { try ref.core.pin("test") },
            code { try ref.addContext(Log().context("x")) }, code { try ref.makeChild("c") },
          ]
          found.withLock { $0 = codes }
        }))
    handle.withLock { $0 = object }
    try object.delete()
    #expect(
      found.withLock { $0 } == [
        .contextDestroying, .contextDestroying, .deletePending, .deletePending,
      ])
    #expect(code { try object.withContext(Int.self) { _ in } } == .objectDestroyed)
    #expect(code { try object.makeChild("c") } == .objectDestroyed)
    handle.withLock { $0 = nil }
    try fixture.unload()
  }

  @Test("wdf T13: cleanups run children first in the order of creation, then destroys do")
  func postOrder() throws {
    let fixture = try Fixture()
    let parent = try fixture.object("P")
    let x = try parent.makeChild("X", fixture.log.context("X"))
    _ = try x.makeChild("X1", fixture.log.context("X1"))
    _ = try x.makeChild("X2", fixture.log.context("X2"))
    _ = try parent.makeChild("Y", fixture.log.context("Y"))
    #expect(try parent.delete() == .completed)
    let order = ["X1", "X2", "X", "Y", "P"]
    #expect(fixture.log.all == order.map { "cleanup \($0)" } + order.map { "destroy \($0)" })
    try fixture.unload()
  }

  @Test("wdf T14: a running body keeps its object from destroy, not its parent")
  func runningBody() throws {
    let fixture = try Fixture()
    let parent = try fixture.object("P")
    let child = try parent.makeChild("C", fixture.log.context("C"))
    let (isIn, mayLeave) = (Signal(), Signal())
    let body = TestThread {
      _ = try? child.withContext(Named.self) { _ in
        isIn.set()
        mayLeave.wait()
        // The pin of the outer body serves an inner one.
        #expect(code { try child.withContext(Named.self) { _ in } } == nil)
      }
      fixture.log.add("left")
    }
    isIn.wait()
    #expect(try parent.delete() == .completed)
    #expect(fixture.log.all == ["cleanup C", "cleanup P", "destroy P"])
    #expect(code { try child.withContext(Named.self) { _ in } } == .deletePending)
    mayLeave.set()
    body.wait()
    #expect(fixture.log.all == ["cleanup C", "cleanup P", "destroy P", "destroy C", "left"])
    try fixture.unload()
  }

  @Test("wdf T15: an object that is deleted by itself has no parent in its cleanup")
  func unlinkedFirst() throws {
    let fixture = try Fixture()
    let parent = try fixture.object("P")
    let child = try parent.makeChild(
      "C",
      Context<General, Int>(
        make: { _ in 1 },
        onCleanup: { ref, _ in
          fixture.log.add("\(ref.parent == nil) \(parent.children.isEmpty)")
        }))
    #expect(child.parent == parent.erased)
    try child.delete()
    #expect(fixture.log.all == ["true true"])
    #expect(child.parent == nil)
    try fixture.unload()
  }

  @Test("wdf T16: deleting a child in its parent's cleanup is legal, in its destroy it is late")
  func childInParentsCleanup() throws {
    let fixture = try Fixture()
    let child = LockedValue<Ref<General>?>(nil)
    let found = LockedValue<[String]>([])
    let parent = try fixture.driver.makeChild(
      "P",
      Context<General, Int>(
        make: { _ in 1 },
        onCleanup: { _, _ in
          guard let child = child.withLock({ $0 }) else { return }
          let readable = (try? child.withContext(Named.self) { $0.name }) == "C"
          found.withLock {
            $0.append(
              "\(String(describing: child.core.deleter.withLock { $0 } == nil)) \(readable)")
          }
        },
        onDestroy: { _, _ in
          guard let child = child.withLock({ $0 }) else { return }
          let outcome = try? child.delete()
          let code = code { try child.withContext(Named.self) { _ in } }
          found.withLock { $0.append("\(outcome == .alreadyDeleting) \(code == .objectDestroyed)") }
        }))
    child.withLock { $0 = try? parent.makeChild("C", fixture.log.context("C")) }
    try parent.delete()
    #expect(found.withLock { $0 } == ["true true", "true true"])
    #expect(fixture.reports.of(.lateDelete).count == 1)
    child.withLock { $0 = nil }
    try fixture.unload()
  }

  @Test("wdf T16: a delete in the parent's cleanup is not late")
  func deleteInParentsCleanup() throws {
    let fixture = try Fixture()
    let child = LockedValue<Ref<General>?>(nil)
    let parent = try fixture.driver.makeChild(
      "P",
      Context<General, Int>(
        make: { _ in 1 },
        onCleanup: { _, _ in
          #expect((try? child.withLock { $0 }?.delete()) == .alreadyDeleting)
        }))
    child.withLock { $0 = try? parent.makeChild("C", fixture.log.context("C")) }
    try parent.delete()
    #expect(fixture.reports.codes.isEmpty)
    #expect(fixture.log.all == ["cleanup C", "destroy C"])
    child.withLock { $0 = nil }
    try fixture.unload()
  }

  @Test("wdf T17: deleting again does nothing, and is told to the verifier")
  func deleteAgain() throws {
    let fixture = try Fixture()
    let object = try fixture.object("o")
    try object.delete()
    #expect(try object.delete() == .alreadyDeleting)
    #expect(try object.delete() == .alreadyDeleting)
    #expect(fixture.log.all == ["cleanup o", "destroy o"])
    let reports = fixture.reports.of(.doubleDelete)
    #expect(reports.count == 2)
    #expect(reports.first?.detail.contains("\(SystemThread.currentID)") == true)
    try fixture.unload()
  }

  @Test("wdf T18: driver, file object, worker and default queue refuse to be deleted")
  func cannotDelete() throws {
    let framework = Framework()
    let driver = try framework.makeDriver("d", Log().context("d"))
    let device = try driver.makeControlDevice("d")
    let queue = try device.makeQueue("q", .manual, isDefault: true)
    device.finishInitializing()
    let file = try device.makeFileObject("f", Log().context("f"))
    #expect(code { try driver.delete() } == .cannotDelete)
    #expect(code { try queue.delete() } == .cannotDelete)
    #expect(code { try file.delete() } == .cannotDelete)
    #expect(driver.state == .created && queue.state == .created && file.state == .created)
    try driver.unload()
  }

  @Test("wdf T19: a slot whose generations are used up is retired")
  func retiredSlot() throws {
    let fixture = try Fixture()
    let object = try fixture.object("o")
    let slot = Int(object.id.slot)
    try object.delete()
    fixture.framework.tree.withLock { $0.forceGeneration(.max, slot: slot) }
    let last = try fixture.object("last")
    #expect(last.id == ObjectID(slot: UInt32(slot), generation: .max))
    try last.delete()
    let next = try fixture.object("next")
    #expect(next.id.slot != last.id.slot)
    for stale in [object.id, last.id] {
      #expect(code { try fixture.framework.resolve(stale) } == .objectDestroyed)
    }
    try fixture.unload()
  }

  @Test("wdf T20: an erased handle is never taken for another kind")
  func wrongKind() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    #expect(code { try queue.erased.as(Request.self) } == .wrongType)
    #expect(try queue.erased.as(Queue.self) == queue)
    try queue.delete()
    #expect(code { try queue.erased.as(Request.self) } == .wrongType)
    try fixture.unload()
  }

  @Test("wdf T21: an owner that deletes what its child owns comes late, and nothing breaks")
  func improperParenting() throws {
    final class DeletesInDeinit: Sendable {
      let ref = LockedValue<Ref<General>?>(nil)
      deinit { _ = try? ref.withLock { $0 }?.delete() }
    }
    let fixture = try Fixture()
    let a = try fixture.driver.makeChild(
      "A",
      Context<General, DeletesInDeinit>(
        make: { _ in DeletesInDeinit() }, onCleanup: { _, _ in fixture.log.add("cleanup A") },
        onDestroy: { _, _ in fixture.log.add("destroy A") }))
    let b = try a.makeChild("B", fixture.log.context("B"))
    let c = try b.makeChild("C", fixture.log.context("C"))
    try a.withContext(DeletesInDeinit.self) { owner in owner.ref.withLock { $0 = c } }
    #expect(try a.delete() == .completed)
    let order = ["C", "B", "A"]
    #expect(fixture.log.all == order.map { "cleanup \($0)" } + order.map { "destroy \($0)" })
    let report = try #require(fixture.reports.of(.lateDelete).first)
    #expect(report.detail.contains("driver/A/B/C"))
    try fixture.unload()
  }

  @Test("wdf T22: what a context owns may ask for that context while it is dropped: an error")
  func ownedInContext() throws {
    struct Owner: ~Copyable, Sendable {
      let owned: Owned<General>
    }
    let fixture = try Fixture()
    let found = LockedValue<WdfError.Code?>(nil)
    let a = LockedValue<Ref<General>?>(nil)
    let made = try fixture.driver.makeChild(
      "A",
      Context<General, Owner>(make: { ref throws(WdfError) in
        let owned = try ref.driver.makeObject(
          "D",
          Context<General, Int>(
            make: { _ in 1 },
            onDestroy: { _, _ in
              let error = code {
                try a.withLock { $0 }?.withContext(Owner.self) { _ throws(WdfError) in }
              }
              found.withLock { $0 = error }
              fixture.log.add("destroy D")
            }))
        return Owner(owned: owned)
      }))
    a.withLock { $0 = made }
    try made.delete()
    #expect(found.withLock { $0 } == .contextDestroying)
    #expect(fixture.log.all == ["destroy D"])
    #expect(fixture.reports.codes.isEmpty)
    a.withLock { $0 = nil }
    try fixture.unload()
  }

  @Test("wdf T24: a descriptor in a context is open in cleanup and closed once after destroy")
  func noncopyableContext() throws {
    let fixture = try Fixture()
    let number = open("/dev/null", O_RDONLY | O_CLOEXEC)
    let object = try fixture.driver.makeChild(
      "o",
      Context<General, Descriptor>(
        make: { _ in Descriptor(number: number) },
        onCleanup: { _, descriptor in
          fixture.log.add("open \(fcntl(descriptor.number, F_GETFD) >= 0)")
        },
        onDestroy: { _, descriptor in
          fixture.log.add("still \(fcntl(descriptor.number, F_GETFD) >= 0)")
        }))
    try object.delete()
    #expect(fixture.log.all == ["open true", "still true"])
    // Another test may have got the number by now; what it names is not this null device.
    try fixture.unload()
  }
}
