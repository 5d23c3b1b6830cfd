"""Tables of medians, ratios and verdicts."""

import json

from . import build

COTURN, FLOOR, OURS, PORTABLE = "coturn", "floor", "ours", "portable"


class Report:
    def __init__(self, names):
        self.names = names
        self.rows = []
        self.section = ""

    def heading(self, text):
        self.section = text
        print(f"\n{text}")
        print("  " + " " * 56 + "".join(f"{name:>11}" for name in self.names)
              + "   ours/coturn        ours/floor")

    def row(self, label, values, beside_coturn=None, beside_floor=None, at_least=False, digits=2):
        """`values` by server name. Targets are the largest allowed ratio, or with `at_least` the smallest."""
        cells = "".join(f"{values[name]:>11.{digits}f}" if name in values else f"{'':>11}" for name in self.names)
        row = {"section": self.section, "label": label, "values": values, "verdicts": []}
        for other, target in ((COTURN, beside_coturn), (FLOOR, beside_floor)):
            cells += "   " + self._ratio(row, values, other, target, at_least)
        print(f"  {label:<56}{cells}".rstrip(), flush=True)
        self.rows.append(row)

    def _ratio(self, row, values, other, target, at_least):
        if OURS not in values or not values.get(other):
            return " " * 16
        ratio = values[OURS] / values[other]
        row[f"ours/{other}"] = ratio
        if target is None:
            return f"{ratio:4.2f}".ljust(16)
        met = ratio >= target if at_least else ratio <= target
        row["verdicts"].append(met)
        row.setdefault("judged", []).append(f"{ratio:5.2f} of {other} {'>=' if at_least else '<='}{target:<4.2f} {'met' if met else 'NOT'}")
        return f"{ratio:4.2f} {'>=' if at_least else '<='}{target:<4.2f} {'met' if met else 'NOT'}".ljust(16)

    def verdict(self, label, ratio, target):
        """A ratio that has a line of its own."""
        met = ratio <= target
        print(f"  {label:<56}{ratio:>11.3f}   <={target:.2f} {'met' if met else 'NOT met'}", flush=True)
        self.rows.append({"section": self.section, "label": label.strip(), "values": {"ratio": ratio}, "verdicts": [met],
                          "judged": [f"{ratio:5.2f} <={target:.2f} {'met' if met else 'NOT'}"]})

    def own_ratio(self, label, ratios, target):
        """A ratio within each server; the target is for ours."""
        cells = "".join(f"{ratios[name]:>11.2f}" if name in ratios else f"{'':>11}" for name in self.names)
        row = {"section": self.section, "label": label, "values": ratios, "verdicts": []}
        verdict = ""
        if OURS in ratios:
            row["verdicts"].append(ratios[OURS] <= target)
            row["judged"] = [f"{ratios[OURS]:5.2f} <={target:.2f} {'met' if ratios[OURS] <= target else 'NOT'}"]
            verdict = f"   <={target:.2f} {'met' if ratios[OURS] <= target else 'NOT met'}"
        print(f"  {label:<56}{cells}{verdict}")
        self.rows.append(row)

    def notes(self, results):
        """What must not go unseen: anything wrong, lost, or limited by something other than the server."""
        for name, result in results.items():
            if result.get("wrong") or result.get("duplicate"):
                print(f"  ! {name}: {result.get('wrong', 0)} wrong and {result.get('duplicate', 0)} duplicate answers")
            total = result["delivered"] + 1
            if result.get("lost", 0) > 0.0005 * total:
                print(f"  ! {name}: {result['lost']} lost over all windows")

    def saturation_notes(self, results):
        self.notes(results)
        for name, result in results.items():
            if result["core_share"] < 0.9:
                print(f"  ! {name} had {result['core_share']:.0%} of its core: "
                      "the generator or other work on the machine was the limit")

    def summary(self):
        """Every target once more, in one table; the portable path beside coturn where both were measured."""
        print("\nAll targets" + " " * 93 + "portable/coturn")
        section = None
        for row in self.rows:
            if "judged" in row:
                if row["section"] != section:
                    section = row["section"]
                    print(f"  {section}")
                values = row["values"]
                portable = f"{values[PORTABLE] / values[COTURN]:5.2f}" if values.get(COTURN) and PORTABLE in values else ""
                print(f"    {row['label']:<48}{'   '.join(row['judged']):<52}{portable}".rstrip())
        verdicts = [verdict for row in self.rows for verdict in row["verdicts"]]
        print(f"  {sum(verdicts)} of {len(verdicts)} met")

    def end(self, workload):
        verdicts = [verdict for row in self.rows for verdict in row["verdicts"]]
        if verdicts:
            print(f"\n{sum(verdicts)} of {len(verdicts)} targets met")
        path = build.OUT / f"{workload}.json"
        path.write_text(json.dumps(self.rows, indent=1))
        print(f"figures kept in {path.relative_to(build.ROOT)}")
