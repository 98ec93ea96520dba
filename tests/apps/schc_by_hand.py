"""SCHC-compressed CoAP read and written with a table by hand, from RFC 8724 section 7 and RFC 8824: RuleID (8 bits), residue, payload, zero bits
to the octet. Shares nothing with schc/, not even the rule file: a rule that changes there must change here, or the two ends of an upgrade differ."""
POST, FORM = (11, b'nrid'), (12, b'\x3d')  # Uri-Path, Content-Format 61
ECHO = 252
TYPES = ('CON', 'NON', 'ACK', 'RST')

# RuleID: way, types and codes by index (nothing is sent of a choice of one), octets of the token, options; of None the value is sent
RULES = {
    1: ('up', ('CON', 'NON'), ('0.02',), 4, (POST, FORM)),
    2: ('down', ('ACK', 'NON'), ('2.04',), 4, (FORM,)),
    3: ('down', ('ACK', 'NON'), ('2.04', '4.00', '4.01', '4.02', '4.04', '4.05', '4.06', '4.13', '4.15', '5.00', '5.03'), 4, ()),
    4: ('down', ('ACK', 'NON'), ('4.01',), 4, ((ECHO, None),)),
    5: ('up', ('CON', 'NON'), ('0.02',), 4, (POST, FORM, (ECHO, None))),
    6: ('both', ('CON', 'ACK', 'RST'), ('0.00',), 0, ()),
    10: ('down', ('CON', 'NON'), ('0.02',), 8, (POST, FORM)),
    11: ('down', ('ACK', 'NON'), ('4.03', '4.29'), 4, ()),
    12: ('up', ('ACK', 'NON'), ('2.04',), 8, ()),
}


class Bits:
    def __init__(self, octets=b''):
        self.text = ''.join(f'{octet:08b}' for octet in octets)

    def take(self, count):
        if count > len(self.text):
            raise ValueError('residue ends early')
        head, self.text = self.text[:count], self.text[count:]
        return int(head or '0', 2)

    def put(self, value, count):
        self.text += f'{value:0{count}b}' if count else ''

    def octets(self):
        padded = self.text + '0' * (-len(self.text) % 8)
        return bytes(int(padded[i:i + 8], 2) for i in range(0, len(padded), 8))


def index_bits(choices):
    return (len(choices) - 1).bit_length()


def code_octet(code):
    return int(code[0]) << 5 | int(code[2:])


def option_octets(options):
    """RFC 7252 section 3.1; no option of ours has more than 268 octets."""
    out, last = b'', 0
    for number, value in options:
        nibbles, more = [], b''
        for part in (number - last, len(value)):
            nibbles.append(part if part < 13 else 13)
            more += bytes([part - 13]) if part >= 13 else b''
        out += bytes([nibbles[0] << 4 | nibbles[1]]) + more + value
        last = number
    return out


def decompress(way, octets):
    """The CoAP message; ValueError where RFC 8724 knows none."""
    if octets[0] == 0:
        return octets[1:]
    if octets[0] not in RULES:
        raise ValueError(f'no rule {octets[0]}')
    whose, types, codes, token_size, wanted = RULES[octets[0]]
    if whose not in (way, 'both'):
        raise ValueError(f'rule {octets[0]} goes {whose}')
    bits = Bits(octets[1:])
    kind, code = types[bits.take(index_bits(types))], codes[bits.take(index_bits(codes))]
    number, token = bits.take(16), bits.take(8 * token_size)
    options = []
    for option, value in wanted:
        if value is None:
            size = bits.take(4)
            if size == 15:
                size = bits.take(8)
            value = bytes(bits.take(8) for _ in range(size))
        options.append((option, value))
    payload = bytes(bits.take(8) for _ in range(len(bits.text) // 8))
    if '1' in bits.text:
        raise ValueError('padding is not zero')
    head = bytes([0x40 | TYPES.index(kind) << 4 | token_size, code_octet(code)]) + number.to_bytes(2, 'big') + token.to_bytes(token_size, 'big')
    return head + option_octets(options) + (b'\xff' + payload if payload else b'')


def compress(rule, kind, code, number, token, payload=b'', echo=b''):
    _, types, codes, _, wanted = RULES[rule]
    bits = Bits(bytes([rule]))
    bits.put(types.index(kind), index_bits(types))
    bits.put(codes.index(code), index_bits(codes))
    for octet in number.to_bytes(2, 'big') + token:
        bits.put(octet, 8)
    if wanted and wanted[-1][1] is None:
        bits.put(len(echo), 4)
    for octet in echo + payload:
        bits.put(octet, 8)
    return bits.octets()
