"""Reads who imports whom in `bot/` and `training/`, from the source alone and type-only imports included.

A room is a package or a module directly below `bot` or `training`.
"""

import grimp
import networkx as nx

PACKAGES = ("bot", "training")


def module_graph() -> "nx.DiGraph[str]":
    """An arrow from each module to each module of ours that it imports."""
    found = grimp.build_graph(*PACKAGES, cache_dir=None)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(found.modules)
    graph.add_edges_from(
        (module, imported) for module in found.modules for imported in found.find_modules_directly_imported_by(module)
    )
    return graph


def room_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def room_graph(modules: "nx.DiGraph[str]") -> "nx.DiGraph[str]":
    """The same with one node a room; what happens inside a room is left out."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(room_of(module) for module in modules if "." in module)
    graph.add_edges_from(
        (room_of(importer), room_of(imported))
        for importer, imported in modules.edges
        if "." in importer and "." in imported and room_of(importer) != room_of(imported)
    )
    return graph


def circles(graph: "nx.DiGraph[str]") -> list[list[str]]:
    """Every group of nodes that import each other in a ring."""
    return sorted(sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1)


def floors(graph: "nx.DiGraph[str]") -> list[list[str]]:
    """The rooms from the top down; each imports only rooms on lower floors. Raises NetworkXUnfeasible for a circle."""
    upside_down = graph.reverse()
    return [sorted(floor) for floor in nx.topological_generations(upside_down)][::-1]
