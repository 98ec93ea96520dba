#!/usr/bin/env python3
"""Writes the sample flights beside this script: delivery.csv, crossing.csv, survey.kml.

A small multirotor is flown from waypoint to waypoint with bounded speed and acceleration, in steps of a tenth of a
second, and sampled once a second. The output has no randomness: the same script gives the same files.
"""
import math
import os

HERE = os.path.dirname(os.path.abspath(__file__))
HOME_LAT, HOME_LON = 47.3900, 8.5400     # all flights share one map view
GROUND_M = 455.0                         # WGS-84 height of the meadow they start from
M_PER_DEG = 111_194.93
STEP_S = 0.1
ACCEL = 2.5                              # m/s2, horizontal and vertical
START_TIME = "2026-05-01T09:00:00"       # of the survey's KML track


def to_degrees(east, north):
    lat = HOME_LAT + north / M_PER_DEG
    lon = HOME_LON + east / (M_PER_DEG * math.cos(math.radians(HOME_LAT)))
    return lat, lon


def limited(velocity, wanted, limit):
    """velocity, moved towards wanted by at most limit."""
    delta = [w - v for v, w in zip(velocity, wanted)]
    size = math.sqrt(sum(d * d for d in delta))
    scale = 1.0 if size <= limit else limit / size
    return [v + d * scale for v, d in zip(velocity, delta)]


def fly(waypoints):
    """waypoints: (east m, north m, height m, speed m/s, pause s). Yields one sample a second."""
    position = list(waypoints[0][:3])
    velocity = [0.0, 0.0, 0.0]
    track, pause, target, step, samples = 0.0, waypoints[0][4], 1, 0, []
    while target < len(waypoints) or pause > 0:
        if step % round(1 / STEP_S) == 0:
            samples.append(sample(step * STEP_S, position, velocity, track))
        step += 1
        if pause > 0:
            velocity = limited(velocity, [0.0, 0.0, 0.0], ACCEL * STEP_S)
            pause -= STEP_S
        else:
            east, north, height, speed, next_pause = waypoints[target]
            away = [east - position[0], north - position[1], height - position[2]]
            flat = math.hypot(away[0], away[1])
            stop = next_pause > 0 or target + 1 == len(waypoints)
            fast = min(speed, math.sqrt(2 * ACCEL * 0.7 * flat)) if stop else speed
            climb = math.copysign(min(3.0, math.sqrt(2 * ACCEL * 0.5 * abs(away[2]))), away[2])
            wanted = [away[0] / flat * fast if flat > 0.05 else 0.0, away[1] / flat * fast if flat > 0.05 else 0.0, climb]
            velocity = limited(velocity, wanted, ACCEL * STEP_S)
            near = 1.0 if stop else max(4.0, math.hypot(velocity[0], velocity[1]) ** 2 / (2 * ACCEL))
            if flat < near and abs(away[2]) < 0.5 and (not stop or math.hypot(velocity[0], velocity[1]) < 1.0):
                pause, target = next_pause, target + 1
        position = [p + v * STEP_S for p, v in zip(position, velocity)]
        position[2] = max(position[2], 0.0)
        if math.hypot(velocity[0], velocity[1]) > 0.3:
            track = math.degrees(math.atan2(velocity[0], velocity[1])) % 360
    velocity = [0.0, 0.0, 0.0]
    position[2] = 0.0
    samples.append(sample(math.ceil(step * STEP_S), position, velocity, track))
    return samples


def sample(t, position, velocity, track):
    lat, lon = to_degrees(position[0], position[1])
    speed = math.hypot(velocity[0], velocity[1])
    on_ground = position[2] < 0.3 and speed < 0.3
    return {"t": round(t), "lat": lat, "lon": lon, "height": position[2], "speed": 0.0 if on_ground else speed,
            "track": round(track) % 360, "vspeed": 0.0 if on_ground else velocity[2], "status": "ground" if on_ground else "airborne"}


def write_csv(name, about, samples):
    with open(os.path.join(HERE, name), "w", encoding="ascii") as out:
        for key, value in about.items():
            out.write(f"# {key}: {value}\n")
        out.write("t_s,lat,lon,alt_m,height_m,speed_mps,track_deg,vspeed_mps,status\n")
        for s in samples:
            out.write(f"{s['t']},{s['lat']:.7f},{s['lon']:.7f},{GROUND_M + s['height']:.1f},{s['height']:.1f},"
                      f"{s['speed']:.2f},{s['track']},{s['vspeed']:.2f},{s['status']}\n")


def write_kml(name, about, samples):
    description = "\n".join(f"{key}: {value}" for key, value in about.items() if key != "name")
    hours, minutes, seconds = (int(part) for part in START_TIME[11:].split(":"))
    base = hours * 3600 + minutes * 60 + seconds
    with open(os.path.join(HERE, name), "w", encoding="ascii") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n'
                  '<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">\n'
                  f"<Document>\n  <name>{name}</name>\n  <Placemark>\n    <name>{about['name']}</name>\n"
                  f"    <description>{description}</description>\n    <gx:Track>\n      <altitudeMode>absolute</altitudeMode>\n")
        for s in samples:
            at = base + s["t"]
            out.write(f"      <when>{START_TIME[:11]}{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}Z</when>\n")
        for s in samples:
            out.write(f"      <gx:coord>{s['lon']:.7f} {s['lat']:.7f} {GROUND_M + s['height']:.1f}</gx:coord>\n")
        out.write("    </gx:Track>\n  </Placemark>\n</Document>\n</kml>\n")


def operator_at(east, north):
    lat, lon = to_degrees(east, north)
    return f"{lat:.7f},{lon:.7f},{GROUND_M + 1.5:.1f}"


def main():
    # Out to a customer in the north-east, a drop from 20 m, and back by the same street.
    delivery = fly([(0, 0, 0, 0, 4), (0, 0, 60, 4, 1), (450, 260, 60, 14, 0), (820, 540, 60, 14, 2), (820, 540, 20, 4, 12),
                    (820, 540, 60, 4, 1), (450, 260, 60, 14, 0), (0, 0, 60, 14, 2), (0, 0, 0, 4, 4)])
    write_csv("delivery.csv", {"name": "delivery", "serial_number": "1596F3NRIDDELIVERY01", "operator_id": "CHEo7n4k2d9x1mz6",
                               "operation_description": "Parcel delivery", "aircraft_type": "Helicopter",
                               "operator_location": operator_at(-15, -10)}, delivery)

    # From north-west to south-east and back, through the middle of the delivery's leg, 25 m above it.
    crossing = fly([(60, 640, 0, 0, 4), (60, 640, 85, 4, 1), (420, 300, 85, 11, 0), (700, -120, 85, 11, 3), (420, 300, 85, 11, 0),
                    (60, 640, 85, 11, 2), (60, 640, 0, 4, 4)])
    write_csv("crossing.csv", {"name": "crossing", "serial_number": "1596F3NRIDCROSSING02", "operator_id": "CHEp3q8w5r1t7vb4",
                               "operation_description": "Roof inspection", "aircraft_type": "Helicopter",
                               "operator_location": operator_at(45, 655)}, crossing)

    # A lawn-mower over a field in the west.
    lanes, east = [(-520, 60, 0, 0, 4), (-520, 60, 45, 4, 1)], -520
    for lane in range(6):
        norths = (60, 360) if lane % 2 == 0 else (360, 60)
        lanes += [(east, norths[0], 45, 9, 0), (east, norths[1], 45, 9, 0)]
        east += 45
    lanes += [(-520, 60, 45, 9, 2), (-520, 60, 0, 4, 4)]
    write_kml("survey.kml", {"name": "survey", "serial_number": "1596F3NRIDSURVEY0003", "operator_id": "CHEz9y2x6w3v5u8t",
                             "operation_description": "Field survey", "aircraft_type": "Helicopter",
                             "operator_location": operator_at(-530, 45)}, fly(lanes))


if __name__ == "__main__":
    main()
