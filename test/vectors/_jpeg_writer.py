"""A baseline JPEG of random coefficients: any sampling factors, scans, restarts, tables."""
import struct
ZZ=[0,1,8,16,9,2,3,10,17,24,32,25,18,11,4,5,12,19,26,33,40,48,41,34,27,20,13,6,7,14,21,28,35,42,49,56,57,50,43,36,29,22,15,23,30,37,44,51,58,59,52,45,38,31,39,46,53,60,61,54,47,55,62,63]
def table(symbols):
    """A code of 8 bits for up to 254 symbols."""
    return {s:(i,8) for i,s in enumerate(symbols)}
DC=list(range(12)); AC=[r<<4|s for r in range(16) for s in range(1,11)]+[0,0xf0]
def seg(m,d): return bytes([0xff,m])+struct.pack(">H",len(d)+2)+d
def dht(cls,num,symbols):
    counts=[0]*16; counts[7]=len(symbols); return seg(0xc4,bytes([cls<<4|num])+bytes(counts)+bytes(symbols))
class Bits:
    def __init__(s): s.v=0;s.n=0;s.out=bytearray()
    def put(s,v,n):
        s.v=s.v<<n|v&((1<<n)-1); s.n+=n
        while s.n>=8:
            b=s.v>>(s.n-8)&255; s.out.append(b); s.n-=8
            if b==255: s.out.append(0)
        s.v&=(1<<s.n)-1
    def flush(s):
        if s.n: s.put((1<<(8-s.n))-1,8-s.n)
        r=bytes(s.out); s.out=bytearray(); return r
def cat(v): return abs(v).bit_length()
def amp(v): return v if v>=0 else v+(1<<cat(v))-1
def encode(rng,w,h,factors,scans=None,restart=0,ids=None,wide=False,adobe=None,jfif=False,density=6,sof=0xc0):
    n=len(factors); ids=ids or list(range(1,n+1)); mh=max(f[0] for f in factors); mv=max(f[1] for f in factors)
    up=lambda a,b:-(-a//b)
    mx,my=up(w,8*mh),up(h,8*mv)
    comps=[]
    for (fh,fv) in factors:
        bw,bh=mx*fh,my*fv
        blocks=[[[0]*64 for _ in range(bw)] for _ in range(bh)]
        for row in blocks:
            for b in row:
                b[0]=int(rng.integers(-60,60))
                for _ in range(int(rng.integers(0,density))): b[int(rng.integers(1,64))]=int(rng.integers(-9,10))
        comps.append((fh,fv,up(w*fh,mh),up(h*fv,mv),blocks))
    out=b"\xff\xd8"
    if jfif: out+=seg(0xe0,b"JFIF\0\1\1\0\0\1\0\1\0\0")
    if adobe is not None: out+=seg(0xee,b"Adobe\0\x64\0\0\0\0"+bytes([adobe]))
    q=[int(x) for x in rng.integers(4,20,64)]
    out+=seg(0xdb,(b"\x10"+b"".join(struct.pack(">H",x) for x in q)) if wide else b"\0"+bytes(q))
    out+=seg(sof,struct.pack(">BHHB",8,h,w,n)+b"".join(bytes([ids[i],f[0]<<4|f[1],0]) for i,f in enumerate(factors)))
    out+=dht(0,0,DC)+dht(1,0,AC)
    if restart: out+=seg(0xdd,struct.pack(">H",restart))
    dc,ac=table(DC),table(AC)
    for scan in scans or [list(range(n))]:
        out+=seg(0xda,bytes([len(scan)])+b"".join(bytes([ids[i],0]) for i in scan)+b"\0\x3f\0")
        if len(scan)==1:
            c=comps[scan[0]]; units=[[(scan[0],y,x)] for y in range(up(c[3],8)) for x in range(up(c[2],8))]
        else:
            units=[[(i,Y*comps[i][1]+y,X*comps[i][0]+x) for i in scan for y in range(comps[i][1]) for x in range(comps[i][0])] for Y in range(my) for X in range(mx)]
        bits=Bits(); last=[0]*n; r=0
        for u,unit in enumerate(units):
            if restart and u and u%restart==0:
                out+=bits.flush()+bytes([0xff,0xd0+r%8]); r+=1; last=[0]*n
            for i,y,x in unit:
                b=comps[i][4][y][x]; d=b[0]-last[i]; last[i]=b[0]; s=cat(d); bits.put(*dc[s]); 
                if s: bits.put(amp(d),s)
                run=0; lastk=max([k for k in range(1,64) if b[k]],default=0)
                for k in range(1,lastk+1):
                    if b[k]==0: run+=1; continue
                    while run>15: bits.put(*ac[0xf0]); run-=16
                    s=cat(b[k]); bits.put(*ac[run<<4|s]); bits.put(amp(b[k]),s); run=0
                if lastk<63: bits.put(*ac[0])
        out+=bits.flush()
    return out+b"\xff\xd9"
