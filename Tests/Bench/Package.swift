// swift-tools-version: 6.2
import PackageDescription

// The end-to-end bench: the product's own programs, run as processes beside C peers that do the
// same work without it. A package of its own, so that nobody who builds the product builds this.

let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]
let cSettings: [CSetting] = [.treatAllWarnings(as: .error), .enableWarning("all")]

let package = Package(
  name: "bench",
  products: [
    .executable(name: "bench", targets: ["bench"]),
    .executable(name: "peer", targets: ["peer"]),
    .library(name: "CountAllocations", type: .dynamic, targets: ["CountAllocations"]),
  ],
  targets: [
    .executableTarget(
      name: "peer", cSettings: cSettings, linkerSettings: [.linkedLibrary("pcap")]),
    .target(name: "CountAllocations", cSettings: cSettings),
    .executableTarget(name: "bench", swiftSettings: settings),
    .testTarget(name: "BenchTests", dependencies: ["bench"]),
  ],
  cLanguageStandard: .gnu17
)
