"""The sample world: a site with published facts, and a simulated network.

`site/` and `statistics/` hold facts that were read somewhere, each with its
source. Everything that `network` invents carries SIM in its code and
"Simulated" or 模拟 in its name.
"""
